//! Modules that a job brings along, in real guests.

use domain::evidence::{LogSubject, Start};
use insight::wanted::Wanted;
use std::sync::Arc;
use tests::corpus::object;
use tests::guests::{Guests, SERIES, ask, hypervisor};
use worker::machine::{Order, template};

/// A module of every kernel that greets when it is loaded.
const TALKATIVE: &str = "tun";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_module_prints_while_it_is_loaded_is_not_among_the_messages_of_the_job() -> anyhow::Result<()>
{
    let dir = tempfile::tempdir()?;
    let (hypervisor, _) = hypervisor(dir.path(), &template::Settings::default()).await?;
    let guests = Guests::find().await?;
    for series in SERIES {
        let wanted = Wanted { symbol: "tun_net_xmit".to_owned(), module: Some(TALKATIVE.to_owned()) };
        let on_demand = Arc::new(guests.on_demand(series, vec![wanted]).await?);
        let order = Order { on_demand, ..guests.order(series, object("tracepoint_hash")?).await? };
        let evidence = ask(&hypervisor, &order, Start::Clone).await?;
        let tun = evidence.modules.loads.iter().find(|load| load.name == TALKATIVE);
        assert!(tun.is_some_and(|load| load.errno.is_none()), "{series}: {:?}", evidence.modules);
        assert_eq!(evidence.log(&LogSubject::Kernel), "", "{series}");
    }
    Ok(())
}
