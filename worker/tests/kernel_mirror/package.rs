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
    elf(".modinfo", format!("license=GPL\0depends={depends}\0").as_bytes())
}

/// A boot image around a kernel with that type information.
pub(crate) fn image(btf: &[u8]) -> Vec<u8> {
    let payload = gzip(&elf(".BTF", btf));
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

/// A relocatable x86-64 ELF file with one section of data.
fn elf(section: &str, data: &[u8]) -> Vec<u8> {
    const HEADER: u64 = 64;
    let names = format!("\0{section}\0.shstrtab\0");
    let (data_bytes, names_bytes) = (data.len() as u64, names.len() as u64);
    let table = HEADER + data_bytes + names_bytes;
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\x3e\0\x01\0\0\0".to_vec();
    for number in [0, 0, table] {
        elf.extend(number.to_le_bytes());
    }
    elf.extend([0; 4]);
    for half in [64_u16, 0, 0, 64, 3, 2] {
        elf.extend(half.to_le_bytes());
    }
    elf.extend(data);
    elf.extend(names.bytes());
    let name_of_names = u32::try_from(section.len() + 2).expect("small");
    let sections =
        [(0, 0_u32, 0, 0), (1, 1, HEADER, data_bytes), (name_of_names, 3, HEADER + data_bytes, names_bytes)];
    for (name, kind, offset, bytes) in sections {
        elf.extend(name.to_le_bytes());
        elf.extend(kind.to_le_bytes());
        for number in [0, 0, offset, bytes, 0, 1, 0] {
            elf.extend(number.to_le_bytes());
        }
    }
    elf
}
