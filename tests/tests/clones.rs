//! Clones of real guests: what they share with their template and what they must not.

use domain::evidence::Start;
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::corpus::object;
use tests::guests::{Guests, SERIES, ask, hypervisor};
use worker::machine::{Order, template};
use worker::recheck::{Recheck, Share};
use worker::tally::Event;

async fn orders() -> anyhow::Result<Vec<Order>> {
    let guests = Guests::find().await?;
    let mut orders = Vec::new();
    for series in SERIES {
        orders.push(guests.order(series, object("tracepoint_hash")?).await?);
    }
    Ok(orders)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_guests_of_a_template_draw_the_same_random_numbers() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (hypervisor, tally) = hypervisor(dir.path(), &template::Settings::default()).await?;
    let orders = orders().await?;
    for order in &orders {
        let mut drawn = BTreeSet::new();
        for _ in 0..3 {
            drawn.insert(ask(&hypervisor, order, Start::Clone).await?.guest.drawn);
        }
        assert_eq!(drawn.len(), 3, "{}: {drawn:?}", order.vmlinuz.display());
        assert!(drawn.iter().all(|drawn| drawn.len() == 32), "{drawn:?}");
    }
    assert_eq!(tally.of(Event::TemplateMade), orders.len() as u64, "all three came from one template");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booted_guest_confirms_a_clone_and_a_contradiction_is_an_alarm() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (hypervisor, tally) =
        hypervisor(&dir.path().join("templates"), &template::Settings::default()).await?;
    let order = Guests::find().await?.order("6.1", object("tracepoint_hash")?).await?;
    let clone = ask(&hypervisor, &order, Start::Clone).await?;
    let kept = dir.path().join("disagreements");
    let recheck = Recheck::new(Share::default(), kept.clone(), Arc::clone(&tally));
    let counts =
        || [Event::RecheckAgreed, Event::RecheckDisagreed, Event::RecheckFailed].map(|event| tally.of(event));

    recheck.repeat(&hypervisor, &order, &clone).await;
    assert_eq!((counts(), kept.exists()), ([1, 0, 0], false));

    let mut wrong = clone.clone();
    wrong.attaches.clear();
    recheck.repeat(&hypervisor, &order, &wrong).await;
    assert_eq!((counts(), std::fs::read_dir(&kept)?.count()), ([1, 1, 0], 2));
    ask(&hypervisor, &order, Start::Clone).await?;
    assert_eq!(tally.of(Event::TemplateMade), 2, "the template in doubt is not used again");
    Ok(())
}
