//! Layers of friends and of strangers.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write as _;

const SMALL: Limits = Limits { entries: 4, expanded_bytes: 64 * 1024, objects: 2, objects_bytes: 100 };

/// The beginning of an object, made `bytes` long.
fn object(bytes: usize) -> Vec<u8> {
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(bytes, 0);
    elf[18] = 247;
    elf
}

fn append(builder: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, path: &str, data: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().expect("gnu").name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    builder.append(&header, data).expect("in memory");
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    files.iter().for_each(|(path, data)| append(&mut builder, tar::EntryType::Regular, path, data));
    builder.into_inner().expect("in memory")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn names(layers: &[Vec<u8>], named: Option<&str>) -> Vec<String> {
    let mut unpacking = Unpacking::new(LIMITS);
    layers.iter().for_each(|layer| unpacking.layer("layer", layer).expect("a layer"));
    unpacking.finish(named).into_iter().map(|(name, _)| name).collect()
}

fn refused(layer: &[u8]) -> String {
    Unpacking::new(SMALL).layer("layer", layer).expect_err("beyond a limit").to_string()
}

#[test]
fn objects_are_found_in_every_wrapping() {
    let object = object(64);
    let files = archive(&[("a/x.o", &object), ("./y.bpf.o", &object), ("etc/passwd", b"root"), ("e.o", b"")]);
    assert_eq!(names(std::slice::from_ref(&object), None), ["layer"]);
    assert_eq!(names(&[gzip(&object)], None), [""; 0], "what is compressed is an archive");
    assert_eq!(names(std::slice::from_ref(&files), None), ["a/x.o", "y.bpf.o"]);
    assert_eq!(names(&[gzip(&files)], None), ["a/x.o", "y.bpf.o"]);
    assert_eq!(names(&[gzip(&files)], Some("/a/x.o")), ["a/x.o"]);
    assert_eq!(names(&[gzip(&files)], Some("absent.o")), ["a/x.o", "y.bpf.o"]);
    assert_eq!(names(&[b"\0asm\x01\0\0\0".to_vec(), Vec::new(), vec![0; 2048]], None), [""; 0]);
}

#[test]
fn later_layers_replace_and_delete() {
    let object = object(64);
    let first = archive(&[("a/x.o", &object), ("a/y.o", &object), ("b/z.o", &object), ("w.o", &object)]);
    let second = archive(&[("a/.wh.x.o", b""), (".wh.b", b""), ("w.o", b"no longer one")]);
    assert_eq!(names(&[first.clone(), second], None), ["a/y.o"]);
    let opaque = archive(&[("a/n.o", &object), ("a/.wh..wh..opq", b""), (".wh.", b"")]);
    assert_eq!(names(&[first, opaque], None), ["a/n.o", "b/z.o", "w.o"], "its own files are not hidden");
}

#[test]
fn another_name_of_a_file_is_that_file() {
    let mut builder = tar::Builder::new(Vec::new());
    append(&mut builder, tar::EntryType::Regular, "b.o", &object(64));
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Link);
    link.set_size(0);
    builder.append_link(&mut link, "a.o", "b.o").expect("in memory");
    builder.append_link(&mut link, "c.o", "/../nowhere.o").expect("in memory");
    let layer = builder.into_inner().expect("in memory");
    assert_eq!(names(&[archive(&[("a.o", &object(40))]), layer], None), ["a.o", "b.o"]);
}

#[test]
fn layers_that_are_objects_have_names_of_their_own() {
    let mut unpacking = Unpacking::new(LIMITS);
    unpacking.layer("../../x.o", &object(64)).expect("a layer");
    let error = unpacking.layer("./x.o", &object(40)).expect_err("the same name").to_string();
    assert!(error.contains("`x.o`"), "{error}");
    assert_eq!(unpacking.finish(Some("x.o")).len(), 1);
}

#[test]
fn nothing_but_files_is_taken_and_no_name_leads_anywhere() {
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char, tar::EntryType::Fifo] {
        append(&mut builder, kind, "x.o", b"");
    }
    append(&mut builder, tar::EntryType::Regular, "../../etc/x.o", &object(64));
    append(&mut builder, tar::EntryType::Regular, "/y.o", &object(64));
    assert_eq!(names(&[builder.into_inner().expect("in memory")], None), ["etc/x.o", "y.o"]);
}

#[test]
fn long_names_are_read_within_limits() {
    let long = format!("{}/x.o", "d".repeat(200));
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(64);
    builder.append_data(&mut header, &long, object(64).as_slice()).expect("in memory");
    builder.append_pax_extensions([("path", b"pax/y.o".as_slice())]).expect("in memory");
    append(&mut builder, tar::EntryType::Regular, "short.o", &object(64));
    append(&mut builder, tar::EntryType::GNULongName, "l", &[b'n'; 20_000]);
    append(&mut builder, tar::EntryType::Regular, "z.o", &object(64));
    let found = names(&[builder.into_inner().expect("in memory")], None);
    assert_eq!(found, [long, "n".repeat(PATH_BYTES_MAX), "pax/y.o".to_owned()]);
}

#[test]
fn every_limit_holds() {
    let bomb = gzip(&archive(&[("zeros", &vec![0; 10_000_000])]));
    assert!(bomb.len() < 64 * 1024, "it is small while compressed");
    let four = object(40);
    for (layer, says) in [
        (bomb, "65536 bytes once decompressed"),
        (archive(&[("1", b""), ("2", b""), ("3", b""), ("4", b""), ("5", b"")]), "4 files"),
        (archive(&[("1", &four), ("2", &four), ("3", &four)]), "2 objects"),
        (archive(&[("1", &object(64)), ("2", &object(64))]), "100 bytes of objects"),
        (vec![0x28, 0xb5, 0x2f, 0xfd, 0], "zstd"),
        (archive(&[("1", &object(600))])[..1000].to_vec(), "damaged"),
        (gzip(&archive(&[("1", &object(600)), ("2", &object(600))]))[..60].to_vec(), "damaged"),
    ] {
        let error = refused(&layer);
        assert!(error.contains(says), "{error}");
    }
    let large = archive(&[("large.o", &object(OBJECT_BYTES_MAX + 1))]);
    let error = Unpacking::new(LIMITS).layer("", &large).expect_err("too large").to_string();
    assert!(error.contains("large.o"), "{error}");
}

#[test]
fn a_bomb_in_many_layers_is_one_too() {
    let mut unpacking = Unpacking::new(SMALL);
    let half = gzip(&archive(&[("zeros", &[0; 40_000])]));
    unpacking.layer("", &half).expect("within the limit");
    assert!(unpacking.layer("", &half).is_err());
}

proptest! {
    #[test]
    fn whatever_comes_ends(bytes in prop::collection::vec(any::<u8>(), 0..2048), at in 0..1024_usize) {
        let mut unpacking = Unpacking::new(SMALL);
        drop(unpacking.layer("", &bytes));
        let mut near = archive(&[("x.o", &object(64)), ("y", b"1")]);
        let end = (at + bytes.len()).min(near.len());
        near[at..end].copy_from_slice(&bytes[..end - at]);
        drop(unpacking.layer("", &near));
        prop_assert!(unpacking.finish(None).len() <= SMALL.objects);
    }
}
