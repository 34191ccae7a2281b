//! What the refusal of a map means.

use super::*;

#[test]
fn refused_maps() {
    let size = ["map `m` asks for 0 entries, as its loader sets them; 4096 were used".to_owned()];
    let inner =
        ["map `m` holds maps and does not say which, as its loader does; `n` was their prototype".to_owned()];
    for (map, errno, types, inferred, code, sure) in [
        (
            map("arena", 33, 8),
            Errno::EINVAL,
            Some(29),
            &[][..],
            CauseCode::MapTypeUnknown,
            Confidence::Certain,
        ),
        (map("arena", 33, 8), Errno::E2BIG, Some(29), &[], CauseCode::MapTypeUnknown, Confidence::Certain),
        (
            map("hash", 1, 3_000_000_000),
            Errno::E2BIG,
            Some(34),
            &[],
            CauseCode::MapTooLarge,
            Confidence::Certain,
        ),
        (map("ringbuf", 27, 1000), Errno::EINVAL, Some(34), &[], CauseCode::MapRefused, Confidence::Certain),
        (map("ringbuf", 27, 1000), Errno::EINVAL, None, &[], CauseCode::MapRefused, Confidence::Likely),
        (map("hash", 1, 8), Errno::EPERM, Some(34), &[], CauseCode::MapRefused, Confidence::Certain),
        (map("hash", 1, 0), Errno::EINVAL, Some(34), &[], CauseCode::LoaderContract, Confidence::Likely),
        (map("hash", 1, 4096), Errno::EINVAL, Some(34), &size, CauseCode::MapRefused, Confidence::Certain),
        (
            map("hash_of_maps", 13, 8),
            Errno::EINVAL,
            Some(34),
            &[],
            CauseCode::LoaderContract,
            Confidence::Likely,
        ),
        (
            map("hash_of_maps", 13, 8),
            Errno::EINVAL,
            Some(34),
            &size,
            CauseCode::LoaderContract,
            Confidence::Likely,
        ),
        (
            map("hash_of_maps", 13, 8),
            Errno::EINVAL,
            Some(34),
            &inner,
            CauseCode::MapRefused,
            Confidence::Certain,
        ),
        (map("hash", 1, 8), Errno::ENOMEM, Some(34), &[], CauseCode::GuestMemory, Confidence::Certain),
    ] {
        let log = "libbpf: map 'm': failed to create: -EINVAL\nlibbpf: failed to load object 'x'\n";
        let mut evidence = evidence(vec![program("p", "xdp", "xdp")]);
        evidence.kernel.as_mut().expect("facts").map_types = types;
        let open = evidence.open.as_mut().expect("opened");
        open.maps = vec![map.clone()];
        open.inferred = inferred.to_vec();
        evidence.maps = vec![MapCreate { map: "m".into(), errno: Some(errno), without_flags: None }];
        let evidence = loads(evidence, LoadScope::Whole, Some(errno), log);
        let verdict = judge(&loads(evidence, alone("p"), Some(errno), log), Level::Attach);
        let cause = verdict.maps[0].cause.clone().expect("a cause");
        assert_eq!((cause.code, cause.confidence), (code, sure), "{map:?} {errno}");
        assert_eq!(verdict.cause.expect("the map decides").code, code, "{map:?} {errno}");
        let program = verdict.programs[0].cause.clone().expect("a cause");
        let expected = if errno == Errno::ENOMEM { CauseCode::GuestMemory } else { CauseCode::Blocked };
        assert_eq!(program.code, expected);
    }
}
