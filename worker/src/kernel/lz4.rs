//! The one form of LZ4 that kernel images use: the legacy frame of `lz4 -l`, in blocks.
//!
//! Formats: LZ4's `lz4_Frame_format.md` (section Legacy frame) and `lz4_Block_format.md`.

/// First bytes of a legacy frame.
pub(super) const MAGIC: &[u8] = b"\x02\x21\x4c\x18";

/// The decompressed frame after its magic, at most `bytes_max` bytes of it. The bytes after the
/// last whole block are ignored: the kernel's build appends the uncompressed size there.
pub(super) fn decompress_legacy(mut blocks: &[u8], bytes_max: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    while let Some((header, rest)) = blocks.split_first_chunk() {
        let length = usize::try_from(u32::from_le_bytes(*header)).unwrap_or(usize::MAX);
        let Some((block, rest)) = rest.split_at_checked(length) else { break };
        decompress_block(block, &mut out, bytes_max).ok_or("a block of it is damaged or too long")?;
        blocks = rest;
    }
    Ok(out)
}

/// Appends what `block` holds to `out`, or `None` when it is not a block. Blocks of a legacy frame
/// are independent, so a match must not reach before the block's own beginning.
fn decompress_block(mut block: &[u8], out: &mut Vec<u8>, bytes_max: usize) -> Option<()> {
    let beginning = out.len();
    while let Some((token, rest)) = block.split_first() {
        block = rest;
        let literals = length(token >> 4, &mut block)?;
        let (copied, rest) = block.split_at_checked(literals)?;
        out.extend_from_slice(copied);
        block = rest;
        if block.is_empty() {
            // A block ends with literals.
            break;
        }
        let (offset, rest) = block.split_first_chunk()?;
        block = rest;
        let offset = usize::from(u16::from_le_bytes(*offset));
        let matched = length(token & 0x0f, &mut block)?.checked_add(4)?;
        let from = out.len().checked_sub(offset).filter(|from| offset > 0 && *from >= beginning)?;
        if matched > bytes_max.checked_sub(out.len())? {
            return None;
        }
        // A match may overlap what it produces, which repeats the last `offset` bytes.
        for at in from..from + matched {
            out.push(out[at]);
        }
    }
    (out.len() <= bytes_max).then_some(())
}

/// A length that starts with four bits and goes on in whole bytes while they are full.
fn length(start: u8, block: &mut &[u8]) -> Option<usize> {
    let mut length = usize::from(start);
    if start == 0x0f {
        loop {
            let (byte, rest) = block.split_first()?;
            *block = rest;
            length = length.checked_add(usize::from(*byte))?;
            if *byte != 0xff {
                break;
            }
        }
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(block: &[u8]) -> Vec<u8> {
        let mut frame = u32::try_from(block.len()).expect("short").to_le_bytes().to_vec();
        frame.extend_from_slice(block);
        frame
    }

    #[test]
    fn literals_and_overlapping_matches() {
        // Three literals, a match of 4 + 15 + 1 bytes at distance 2, one last literal.
        let block = [0x3f, b'a', b'b', b'c', 2, 0, 1, 0x10, b'!'];
        let mut two = [frame(&block), frame(&block)].concat();
        two.extend_from_slice(&48_u32.to_le_bytes());
        let once = "abcbcbcbcbcbcbcbcbcbcbc!";
        assert_eq!(decompress_legacy(&two, 100), Ok([once, once].concat().into_bytes()));
        assert!(decompress_legacy(&two, 40).is_err(), "longer than accepted");
    }

    #[test]
    fn a_match_before_the_beginning_and_a_cut_block_are_refused() {
        for block in [&[0x14, b'a', 2, 0, 0x00][..], &[0x14, b'a', 0, 0, 0x00], &[0x50, b'a'], &[0xf0, 0xff]]
        {
            assert!(decompress_legacy(&frame(block), 100).is_err(), "{block:x?}");
        }
    }
}
