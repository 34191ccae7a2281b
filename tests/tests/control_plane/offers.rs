//! What workers say that their kernels offer, and people see of it.

use crate::lab::{Lab, kernel, patient};
use crate::worker::Worker;
use domain::digest::Digest;
use domain::kernel::Kernel;
use domain::offers::{BYTES_MAX, NAME_BYTES_MAX, NAMES_MAX, Offer, Offers, Support};
use proto::wire;
use proto::wire::kernel_service_client::KernelServiceClient;
use tonic::{Code, Status};
use wire::open_session_request::Message as Say;

fn offers(map_type: &str) -> Offers {
    Offers {
        map_types: vec![Offer { name: map_type.to_owned(), support: Support::Supported }],
        kfuncs: Some(Vec::new()),
        options: Some([("LSM".to_owned(), "yama,bpf".to_owned())].into()),
        ..Offers::default()
    }
}

fn told(kernel: &Kernel, offers: wire::Offers) -> Say {
    Say::KernelOffers(wire::KernelOffers { kernel: kernel.digest.0.to_vec(), offers: Some(offers) })
}

async fn get(lab: &Lab, kernel: &str) -> Result<wire::GetKernelResponse, Status> {
    let request = wire::GetKernelRequest { kernel: kernel.to_owned() };
    Ok(KernelServiceClient::new(lab.channel().await).get_kernel(request).await?.into_inner())
}

/// Waits until a map type is stored, with whatever validator.
async fn stored(lab: &Lab, map_type: &str) {
    let said = "SELECT count(*) = 1 FROM kernel_offers WHERE offers->'map_types'->0->>'name' = $1";
    lab.eventually(said, map_type).await;
}

#[tokio::test]
async fn what_was_said_last_of_a_kernel_is_told() {
    let lab = Lab::start(patient()).await;
    let kernels = [kernel("6.1"), kernel("6.12")];
    let first = Worker::connect(&lab, "first", &kernels).await;
    let unknown = get(&lab, "6.1").await.expect("the kernel is known");
    assert_eq!((unknown.kernel, unknown.offers), (Some((&kernels[0]).into()), None), "nobody told yet");

    first.say(told(&kernels[0], (&offers("hash")).into())).await;
    stored(&lab, "hash").await;
    let known = get(&lab, "6.1").await.expect("the kernel is known");
    let back = Offers::try_from(known.offers.expect("offers")).expect("they are sound");
    assert_eq!(back, offers("hash"), "also that an empty list was told and others were not");
    assert_eq!(known.validator, lab.validator.0);
    assert!(known.told_at.is_some());
    assert_eq!(get(&lab, "6.12").await.expect("the kernel is known").offers, None, "another kernel");

    // Two workers with one validator: one row, the newest wins, and saying it again changes nothing.
    let second = Worker::connect(&lab, "second", &kernels).await;
    for _ in 0..2 {
        second.say(told(&kernels[0], (&offers("array")).into())).await;
    }
    stored(&lab, "array").await;
    lab.eventually("SELECT count(*) = 1 FROM kernel_offers WHERE $1 <> ''", "all").await;

    // Another validator sees for itself, and what it saw last is told.
    let other = Digest::of(b"another validator");
    let third = Worker::connect_with(&lab, "third", &kernels, other).await;
    third.say(told(&kernels[0], (&offers("arena")).into())).await;
    stored(&lab, "arena").await;
    stored(&lab, "array").await;
    let newest = get(&lab, "6.1").await.expect("the kernel is known");
    assert_eq!(newest.validator, other.0);
    assert_eq!(newest.offers.expect("offers").map_types[0].name, "arena");
    lab.stop().await;
}

#[tokio::test]
async fn offers_beyond_the_limits_or_of_a_foreign_kernel_end_the_session() {
    let lab = Lab::start(patient()).await;
    let own = kernel("6.1");
    let kfuncs =
        |names: Vec<String>| wire::Offers { kfuncs: Some(wire::Names { names }), ..wire::Offers::default() };
    let unsaid = wire::Offer { name: "hash".to_owned(), support: 0 };
    for (says, said) in [
        ("names", told(&own, kfuncs(vec!["k".to_owned(); NAMES_MAX + 1]))),
        ("bytes", told(&own, kfuncs(vec!["k".repeat(NAME_BYTES_MAX); BYTES_MAX / NAME_BYTES_MAX + 1]))),
        ("name", told(&own, kfuncs(vec!["\u{1b}[2J".to_owned()]))),
        ("name", told(&own, kfuncs(vec!["\0".to_owned()]))),
        ("support", told(&own, wire::Offers { map_types: vec![unsaid], ..wire::Offers::default() })),
        ("kernel", told(&kernel("6.12"), wire::Offers::default())),
        ("kernel", Say::KernelOffers(wire::KernelOffers { kernel: vec![1], offers: None })),
        ("offers", Say::KernelOffers(wire::KernelOffers { kernel: own.digest.0.to_vec(), offers: None })),
    ] {
        let mut worker = Worker::connect(&lab, "hostile", std::slice::from_ref(&own)).await;
        worker.say(said).await;
        let refused = worker.broken_off().await;
        assert_eq!(refused.code(), Code::InvalidArgument, "{says}: {refused}");
        assert!(refused.message().contains(says), "{says}: {refused}");
    }
    lab.eventually("SELECT count(*) = 0 FROM kernel_offers WHERE $1 <> ''", "all").await;

    let most = kfuncs(vec!["k".repeat(NAME_BYTES_MAX); BYTES_MAX / NAME_BYTES_MAX]);
    let worker = Worker::connect(&lab, "large", std::slice::from_ref(&own)).await;
    worker.say(told(&own, most)).await;
    lab.eventually("SELECT count(*) = 1 FROM kernel_offers WHERE $1 <> ''", "all").await;
    lab.stop().await;
}

#[tokio::test]
async fn a_kernel_is_shown_only_if_it_is_the_only_one_meant() {
    let lab = Lab::start(patient()).await;
    let _worker = Worker::connect(&lab, "w", &[kernel("6.1"), kernel("6.12")]).await;
    for (wanted, says) in [("all", "`all` names 2 kernels"), ("9.9", "`9.9`"), ("", "1 to")] {
        let refused = get(&lab, wanted).await.expect_err(wanted);
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.message().contains(says), "{refused}");
    }
    lab.stop().await;
}
