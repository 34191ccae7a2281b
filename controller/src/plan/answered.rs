//! Cells that were answered before: settled at once, with the trials that follow from them.

use super::expand::Asked;
use super::submit::Order;
use super::trial;
use crate::parts::Parts;
use crate::store::workers::Able;
use crate::store::{cells, verdicts};
use domain::change;
use domain::digest::Digest;
use domain::question::Question;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// The trials of cells that are answered already.
pub(super) async fn trials(
    parts: &Parts,
    new: &[cells::NewCell],
    (answered, answers): (&[Uuid], &[Uuid]),
) -> sqlx::Result<Vec<cells::NewCell>> {
    let stored = verdicts::by_id(&parts.db, answers).await?;
    let answers: HashMap<Uuid, Uuid> = answered.iter().copied().zip(answers.iter().copied()).collect();
    let trial = |cell: &cells::NewCell| trial::of(cell, &stored.get(answers.get(&cell.id.0)?)?.answer);
    Ok(new.iter().filter_map(trial).collect())
}

/// Cells whose question has a conclusive verdict, with those verdicts. A validator that no
/// connected worker runs any more answers nothing: its verdict could not be repeated.
pub(super) async fn of(
    parts: &Parts,
    able: &[Able],
    new: &[cells::NewCell],
    asked: &[Asked],
    order: &Order,
) -> sqlx::Result<(Vec<Uuid>, Vec<Uuid>)> {
    let today = OffsetDateTime::now_utc().date();
    let contract = &order.manifest.contract;
    let rules = insight::judge::rules();
    let kernels: HashMap<_, _> =
        asked.iter().map(|asked| (&asked.kernel.id, (asked, contract.on(&asked.kernel)))).collect();
    let plain: HashMap<_, _> =
        kernels.iter().map(|(id, (_, contract))| (*id, contract.digest(today))).collect();
    let questions: Vec<(Uuid, Digest)> = new
        .iter()
        .flat_map(|cell| {
            let able = able.iter().filter(|able| able.kernel == cell.kernel && able.loader == cell.loader);
            let (asked, contract) = &kernels[&cell.kernel];
            let contract = match &cell.trial {
                None => plain[&cell.kernel],
                Some(trial) => change::terms(&trial.changes, contract.clone()).digest(today),
            };
            let question = move |able: &Able| Question {
                object: cell.object,
                kernel: asked.kernel.digest,
                validator: able.validator,
                rules,
                contract,
                level: order.level,
                loader: cell.loader.clone(),
                loader_program: able.program,
                axes: cell.axes.clone(),
            };
            able.map(move |able| (cell.id.0, question(able).digest()))
        })
        .collect();
    let keys: Vec<Digest> = questions.iter().map(|(_, question)| *question).collect();
    let stored = verdicts::conclusive(&parts.db, &keys).await?;
    let by_cell: HashMap<Uuid, Uuid> =
        questions.iter().filter_map(|(cell, question)| Some((*cell, *stored.get(question)?))).collect();
    Ok(by_cell.into_iter().unzip())
}
