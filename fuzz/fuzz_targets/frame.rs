//! Both ends of the guest's channel: the guest is hostile to the worker, and a validator must
//! not trust what wakes it either. The first byte says how the rest is cut and which way it goes.

#![no_main]

use domain::frame::{Direction, FROM_GUEST_BYTES_MAX, HEADER_BYTES, Reader, TO_GUEST_BYTES_MAX};
use domain::message::{FromGuest, ToGuest};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((how, stream)) = bytes.split_first() else { return };
    let piece = usize::from(how >> 1) + 1;
    if how & 1 == 0 {
        read::<FromGuest>(Direction::FromGuest, FROM_GUEST_BYTES_MAX, stream, piece);
    } else {
        read::<ToGuest>(Direction::ToGuest, TO_GUEST_BYTES_MAX, stream, piece);
    }
});

fn read<M: serde::de::DeserializeOwned>(direction: Direction, max: usize, stream: &[u8], piece: usize) {
    let mut reader = Reader::new(direction);
    for bytes in stream.chunks(piece) {
        reader.push(bytes);
        while let Ok(Some(_)) = reader.message::<M>() {}
        assert!(reader.pending_bytes() <= HEADER_BYTES + max);
    }
}
