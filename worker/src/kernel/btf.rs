//! A kernel's type information, taken out of its compressed image.

use super::lz4;
use super::unpack::decompress;
use object::{Object, ObjectSection};
use std::io::Read;

/// Largest kernel accepted, uncompressed. Distribution kernels are 40 to 80 MB.
const VMLINUX_BYTES_MAX: usize = 512 * 1024 * 1024;

// Offsets in the header of an x86 image, from the kernel's Documentation/arch/x86/boot.rst.
const SETUP_SECTS: usize = 0x1f1;
const HEADER_MAGIC: usize = 0x202;
const PAYLOAD_OFFSET: usize = 0x248;
const PAYLOAD_LENGTH: usize = 0x24c;

/// First bytes of a compressed payload, and the name its format has at the end of file names.
const FORMATS: &[(&[u8], &str)] =
    &[(b"\xfd7zXZ\0", ".xz"), (b"\x28\xb5\x2f\xfd", ".zst"), (b"\x1f\x8b", ".gz")];

/// The `.BTF` section of the kernel in the image `vmlinuz`.
///
/// # Errors
/// A sentence that says why there is none.
pub(super) fn of_image(vmlinuz: &[u8]) -> Result<Vec<u8>, String> {
    let payload = payload(vmlinuz).ok_or("the image is not an x86 boot image")?;
    let vmlinux = decompressed(payload).map_err(|error| format!("the image does not decompress: {error}"))?;
    let elf = object::File::parse(vmlinux.as_slice()).map_err(|error| format!("vmlinux: {error}"))?;
    let section = elf.section_by_name(".BTF").ok_or("the kernel was built without BTF")?;
    section.data().map(<[u8]>::to_vec).map_err(|error| format!("vmlinux: {error}"))
}

fn decompressed(payload: &[u8]) -> Result<Vec<u8>, String> {
    if let Some(blocks) = payload.strip_prefix(lz4::MAGIC) {
        return lz4::decompress_legacy(blocks, VMLINUX_BYTES_MAX);
    }
    let known = FORMATS.iter().find(|(magic, _)| payload.starts_with(magic));
    let (_, kind) = known.ok_or("the compression is not one of xz, zstd, gzip and lz4")?;
    let limit = u64::try_from(VMLINUX_BYTES_MAX).unwrap_or(u64::MAX);
    let mut vmlinux = Vec::new();
    decompress(kind, payload)
        .and_then(|reader| reader.take(limit).read_to_end(&mut vmlinux))
        .map_err(|error| error.to_string())?;
    Ok(vmlinux)
}

fn payload(image: &[u8]) -> Option<&[u8]> {
    let number = |at: usize| -> Option<usize> {
        let bytes = image.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    if image.get(HEADER_MAGIC..HEADER_MAGIC + 4)? != b"HdrS" {
        return None;
    }
    let setup_bytes = (usize::from(*image.get(SETUP_SECTS)?) + 1) * 512;
    let start = setup_bytes.checked_add(number(PAYLOAD_OFFSET)?)?;
    image.get(start..start.checked_add(number(PAYLOAD_LENGTH)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_lies_about_its_payload_is_refused() {
        let mut image = vec![0; 4096];
        assert!(of_image(&image).is_err());
        image[HEADER_MAGIC..HEADER_MAGIC + 4].copy_from_slice(b"HdrS");
        assert!(of_image(&image).expect_err("empty payload").contains("compression"));
        image[PAYLOAD_OFFSET..PAYLOAD_LENGTH + 4].fill(0xff);
        assert!(of_image(&image).expect_err("payload outside").contains("boot image"));
    }
}
