//! Images come from strangers: whatever their documents, archives and references, a bounded answer and no panic.

#![no_main]

use insight::oci::{
    Document, Limits, Platform, Reference, Unpacking, challenge, choose, choose_saved, choose_tagged,
    filename, saved,
};

const LIMITS: Limits =
    Limits { entries: 64, expanded_bytes: 1024 * 1024, objects: 8, objects_bytes: 256 * 1024 };

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match Document::parse(bytes) {
        Ok(Document::Index(entries)) => {
            drop(choose(&entries, &Platform::linux("x86_64")));
            drop(choose_tagged(&entries, Some("v1")));
            drop(choose_tagged(&entries, None));
        }
        Ok(Document::Image(image)) => assert!(image.wanted().len() <= image.layers.len()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(images) = saved(bytes) {
        drop(choose_saved(&images, None));
        drop(choose_saved(&images, Some("v1")));
    }
    drop(filename(bytes));
    let mut unpacking = Unpacking::new(LIMITS);
    let layers = [unpacking.layer("layer", bytes), unpacking.layer("layer", bytes)];
    for error in layers.into_iter().filter_map(Result::err) {
        assert!(!error.to_string().is_empty());
    }
    let objects = unpacking.finish(None);
    assert!(objects.len() <= LIMITS.objects);
    assert!(
        objects.iter().all(|(path, _)| !path.starts_with('/') && path.split('/').all(|part| part != ".."))
    );
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(challenge(text));
        if let Ok(reference) = text.parse::<Reference>() {
            assert_eq!(reference.to_string(), text);
        }
    }
});
