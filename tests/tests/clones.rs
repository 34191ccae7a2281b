//! Clones of real guests: what they share with their template and what they must not.

use domain::evidence::Start;
use std::collections::BTreeSet;
use tests::corpus::object;
use tests::guests::{Guests, SERIES, ask, hypervisor};
use worker::machine::{Order, template};
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
