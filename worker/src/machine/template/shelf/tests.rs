//! What is put on the shelf comes back unchanged or not at all.

use super::*;
use domain::evidence::KernelFacts;
use domain::message::Nonce;
use domain::offers::Offers;

const MEMORY_BYTES: u64 = 8 << 20;

fn template(key: &[u8]) -> Template {
    let memory = File::from(memory_file(MEMORY_BYTES).unwrap());
    memory.write_all_at(key, 3 << 20).unwrap();
    memory.write_all_at(b"end", MEMORY_BYTES - 3).unwrap();
    seal(&memory).unwrap();
    let identity = Identity {
        boot: Nonce([7; 32]),
        kernel: KernelFacts::default(),
        offers: Offers::default(),
        boot_ms: 1,
        freeze_ms: 2,
    };
    let state = b"registers".to_vec();
    Template { key: Digest::of(key), identity, memory: memory.into(), memory_bytes: MEMORY_BYTES, state }
}

fn bytes(template: &Template) -> Vec<u8> {
    let mut all = vec![0; usize::try_from(MEMORY_BYTES).unwrap()];
    File::from(template.memory.try_clone().unwrap()).read_exact_at(&mut all, 0).unwrap();
    all
}

#[test]
fn a_template_comes_back_as_it_was_and_takes_no_more_room() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(dir.path().join("templates"), u64::MAX);
    let original = template(b"one");
    assert!(shelf.take(original.key).is_none());
    shelf.put(&original).unwrap();
    let back = shelf.take(original.key).unwrap();
    assert_eq!((&back.identity, &back.state), (&original.identity, &original.state));
    assert!(bytes(&back) == bytes(&original));
    assert!(back.resident_bytes() < 1 << 20, "{}", back.resident_bytes());
    let sealed = File::from(back.memory).write_all_at(b"x", 0).unwrap_err();
    assert_eq!(sealed.kind(), ErrorKind::PermissionDenied);
}

#[test]
fn damage_anywhere_is_noticed_and_the_rest_removed() {
    for file in [MEMORY, STATE, MANIFEST] {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path().to_owned(), u64::MAX);
        let original = template(b"two");
        shelf.put(&original).unwrap();
        let place = dir.path().join(original.key.to_string());
        let damaged = File::options().write(true).open(place.join(file)).unwrap();
        damaged.write_all_at(b"!", 5).unwrap();
        assert!(shelf.take(original.key).is_none(), "{file}");
        assert!(!place.exists(), "{file}");
    }
}

#[test]
fn what_was_used_longest_ago_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(dir.path().to_owned(), u64::MAX);
    let all = [template(b"one"), template(b"two"), template(b"three")];
    for (index, template) in all[..2].iter().enumerate() {
        shelf.put(template).unwrap();
        let manifest = File::open(dir.path().join(template.key.to_string()).join(MANIFEST)).unwrap();
        manifest.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(index as u64 + 1)).unwrap();
    }
    shelf.take(all[0].key).unwrap();
    let one: u64 = shelf.entries().iter().map(|entry| entry.bytes).max().unwrap();
    let narrow = Shelf::open(dir.path().to_owned(), 2 * one);
    assert_eq!(narrow.put(&all[2]).unwrap(), 1);
    assert!(narrow.take(all[1].key).is_none(), "the one used longest ago is gone");
    assert!(narrow.take(all[0].key).is_some() && narrow.take(all[2].key).is_some());
}

#[test]
fn what_a_killed_process_left_is_removed_once_it_is_old() {
    let dir = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| dir.path().join(format!("{UNFINISHED}{name}")));
    for path in [&old, &new] {
        fs::create_dir(path).unwrap();
    }
    File::open(&old).unwrap().set_modified(SystemTime::now() - 2 * UNFINISHED_MAX).unwrap();
    Shelf::open(dir.path().to_owned(), u64::MAX);
    assert!(!old.exists() && new.exists());
}
