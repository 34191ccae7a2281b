//! Packages, modules and images small enough to be written by a test.

use flate2::{Compression, write::GzEncoder};
use liblzma::write::XzEncoder;
use std::io::Write;

/// Path in the package and bytes of each file.
pub(crate) type Contents<'a> = &'a [(&'a str, &'a [u8])];

/// A package file whose data is compressed as `kind` says: `xz`, `gz` or `zst`.
pub(crate) fn deb(kind: &str, contents: Contents<'_>) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in contents {
        let mut header = tar::Header::new_gnu();
        // Written raw, so that a test can use paths no honest archive has.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, *bytes).expect("memory");
    }
    let tar = tar.into_inner().expect("memory");
    let data = match kind {
        "xz" => {
            let mut packer = XzEncoder::new(Vec::new(), 1);
            packer.write_all(&tar).expect("memory");
            packer.finish().expect("xz")
        }
        "gz" => gzip(&tar),
        "zst" => {
            ruzstd::encoding::compress_to_vec(tar.as_slice(), ruzstd::encoding::CompressionLevel::Fastest)
        }
        other => panic!("no packer for {other}"),
    };
    let mut ar = ar::Builder::new(Vec::new());
    for (name, bytes) in [("debian-binary", &b"2.0\n"[..]), (&format!("data.tar.{kind}"), &data)] {
        let header = ar::Header::new(name.as_bytes().to_vec(), bytes.len() as u64);
        ar.append(&header, bytes).expect("memory");
    }
    ar.into_inner().expect("memory")
}

/// A kernel module that says what it depends on.
pub(crate) fn module(depends: &str) -> Vec<u8> {
    module_with(depends, &[])
}

/// A kernel module with these functions, of which others see those marked so.
pub(crate) fn module_with(depends: &str, functions: &[(&str, bool)]) -> Vec<u8> {
    let (mut symbols, mut names) = (vec![0; 24], vec![0]);
    for (name, global) in functions {
        symbols.extend(u32::try_from(names.len()).expect("small").to_le_bytes());
        // Binding and type, visibility, the section of code; then value and size.
        symbols.extend([if *global { 0x12 } else { 0x02 }, 0, CODE, 0]);
        symbols.extend([0; 16]);
        names.extend(name.bytes().chain([0]));
    }
    let info = format!("license=GPL\0depends={depends}\0").into_bytes();
    elf(&[(".modinfo", 1, info), (".text", 1, vec![0x90]), (".symtab", 2, symbols), (".strtab", 3, names)])
}

/// A boot image around a kernel with that type information.
pub(crate) fn image(btf: &[u8]) -> Vec<u8> {
    let payload = gzip(&elf(&[(".BTF", 1, btf.to_vec())]));
    let mut image = vec![0; 1024];
    image[0x1f1] = 1;
    image[0x202..0x206].copy_from_slice(b"HdrS");
    image[0x24c..0x250].copy_from_slice(&u32::try_from(payload.len()).expect("small").to_le_bytes());
    image.extend(payload);
    image
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("gzip")
}

/// The number of the section of code in a module.
const CODE: u8 = 2;

/// A relocatable x86-64 ELF file with these sections: name, type and data. A symbol table has its names in
/// the section behind it.
fn elf(sections: &[(&str, u32, Vec<u8>)]) -> Vec<u8> {
    let (mut names, mut data, mut table) = (vec![0], Vec::new(), vec![0; 64]);
    let mut add = |name: &str, kind: u32, bytes: &[u8], link: u32| {
        let name_at = u32::try_from(names.len()).expect("small");
        names.extend(name.bytes().chain([0]));
        let bytes = if kind == 3 && name == ".shstrtab" { names.clone() } else { bytes.to_vec() };
        let (at, length) = (64 + data.len() as u64, bytes.len() as u64);
        table.extend([name_at, kind].map(u32::to_le_bytes).concat());
        table.extend([0, 0, at, length].map(u64::to_le_bytes).concat());
        table.extend([link, 1].map(u32::to_le_bytes).concat());
        table.extend([1, if kind == 2 { 24 } else { 0 }].map(u64::to_le_bytes).concat());
        data.extend(bytes);
    };
    for (number, (name, kind, bytes)) in (1..).zip(sections) {
        add(name, *kind, bytes, number + 1);
    }
    add(".shstrtab", 3, &[], 0);
    let count = u16::try_from(sections.len() + 2).expect("small");
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\x3e\0\x01\0\0\0".to_vec();
    elf.extend([0, 0, 64 + data.len() as u64].map(u64::to_le_bytes).concat());
    elf.extend([0; 4]);
    elf.extend([64_u16, 0, 0, 64, count, count - 1].map(u16::to_le_bytes).concat());
    [elf, data, table].concat()
}
