//! The database knows the same lives of runs and cells as the domain.

use crate::lab::{Lab, patient};
use domain::cell::{CellEvent, CellState};
use domain::run::{RunEvent, RunState};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

/// Rows that everything else refers to.
const GROUND: &str = "
    INSERT INTO objects (digest, name, bytes, programs, maps) VALUES (sha256('o'), 'o', 1, '{}', '{}');
    INSERT INTO kernels VALUES ('k', 'r', 'v', '6.1', 'debian', '{}', 'cloud', 'amd64', sha256('k'), 0);
    INSERT INTO verdicts (id, verdict, answer) VALUES (gen_random_uuid(), 'inconclusive', '{}');
    INSERT INTO runs (id, level, kernels, optional_kernels, cell_timeout_ms, cells)
    VALUES (gen_random_uuid(), 'load', 'all', '', 1, 1);
    INSERT INTO cells (id, run_id, object, kernel_id, loader, required)
    SELECT gen_random_uuid(), id, sha256('o'), 'k', 'libbpf', true FROM runs;";

/// Statements that bring the row of a fresh database into a state; the same statements are the
/// events that lead there.
fn cell_becomes(state: CellState) -> &'static str {
    match state {
        CellState::Queued => "UPDATE cells SET state = 'queued'",
        CellState::Leased => "UPDATE cells SET state = 'leased'",
        CellState::Settled => "UPDATE cells SET state = 'settled', verdict_id = (SELECT id FROM verdicts)",
        CellState::Cancelled => "UPDATE cells SET state = 'cancelled', verdict_id = NULL",
    }
}

fn cell_goes(event: CellEvent) -> CellState {
    match event {
        CellEvent::Claim => CellState::Leased,
        CellEvent::GiveBack => CellState::Queued,
        CellEvent::Settle => CellState::Settled,
        CellEvent::Cancel => CellState::Cancelled,
    }
}

fn run_becomes(state: RunState) -> &'static str {
    match state {
        RunState::Queued => "UPDATE runs SET state = 'queued'",
        RunState::Running => "UPDATE runs SET state = 'running', verdict = NULL, finished_at = NULL",
        RunState::Finished => {
            "UPDATE runs SET state = 'finished', settled = cells, verdict = 'passes', finished_at = now()"
        }
        RunState::Cancelled => {
            "UPDATE runs SET state = 'cancelled', verdict = 'inconclusive', finished_at = now()"
        }
    }
}

fn run_goes(event: RunEvent) -> RunState {
    match event {
        RunEvent::Start => RunState::Running,
        RunEvent::Finish => RunState::Finished,
        RunEvent::Cancel => RunState::Cancelled,
    }
}

/// Whether the database accepts the second statement after the first; nothing is kept.
async fn accepts(db: &PgPool, first: Option<&'static str>, second: &'static str) -> bool {
    let mut connection = db.acquire().await.expect("a connection");
    let mut tx = PgConnection::begin(&mut connection).await.expect("a transaction");
    sqlx::raw_sql(AssertSqlSafe(GROUND)).execute(&mut *tx).await.expect("the ground is laid");
    if let Some(first) = first {
        let reached = sqlx::raw_sql(AssertSqlSafe(first)).execute(&mut *tx).await;
        reached.expect("every state can be reached from the first");
    }
    let accepted = sqlx::raw_sql(AssertSqlSafe(second)).execute(&mut *tx).await;
    match accepted {
        Ok(_) => true,
        Err(error) => {
            let code = error.as_database_error().and_then(|error| error.code().map(String::from));
            assert_eq!(code.as_deref(), Some("23514"), "it is an edge that was refused: {error}");
            false
        }
    }
}

#[tokio::test]
async fn the_database_accepts_the_edges_of_the_domain_and_no_other() {
    let lab = Lab::start(patient()).await;
    for state in CellState::ALL {
        for event in CellEvent::ALL {
            let first = (state != CellState::Queued).then(|| cell_becomes(state));
            let accepted = accepts(&lab.db, first, cell_becomes(cell_goes(event))).await;
            assert_eq!(accepted, state.next(event).is_ok(), "a {state:?} cell and {event:?}");
            if let Ok(next) = state.next(event) {
                assert_eq!(next, cell_goes(event));
            }
        }
    }
    for state in RunState::ALL {
        for event in RunEvent::ALL {
            let first = (state != RunState::Queued).then(|| run_becomes(state));
            let accepted = accepts(&lab.db, first, run_becomes(run_goes(event))).await;
            assert_eq!(accepted, state.next(event).is_ok(), "a {state:?} run and {event:?}");
            if let Ok(next) = state.next(event) {
                assert_eq!(next, run_goes(event));
            }
        }
    }
    lab.stop().await;
}

#[tokio::test]
async fn evidence_cannot_be_changed() {
    let lab = Lab::start(patient()).await;
    let insert = "INSERT INTO evidence (digest, bytes, stored_bytes, cell_id, fence)
                  SELECT sha256('e'), 1, 1, id, 1 FROM cells";
    assert!(accepts(&lab.db, None, insert).await);
    assert!(!accepts(&lab.db, Some(insert), "UPDATE evidence SET bytes = 2").await);
    lab.stop().await;
}
