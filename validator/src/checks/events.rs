//! Events that programs send through ring buffers and perf buffers.

use super::maps;
use crate::sys::buffer::Buffer;
use crate::sys::libbpf::Object;
use domain::check::{Expectation, Saw};
use memchr::memmem;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What the events of one buffer are counted for: the index of the expectation and the bytes that count.
type Wanted = Vec<(usize, Vec<u8>)>;

/// All buffers that expectations are about, and what came through them so far.
#[derive(Debug)]
pub(super) struct Events {
    buffers: Vec<Buffer>,
    counts: Rc<RefCell<BTreeMap<usize, u64>>>,
    failures: BTreeMap<usize, String>,
}

impl Events {
    /// Empties the buffers and begins to count.
    pub(super) fn begin(object: &Object, expectations: &[Expectation]) -> Self {
        let mut by_map: BTreeMap<&str, Wanted> = BTreeMap::new();
        for (index, expectation) in expectations.iter().enumerate() {
            if let Expectation::Events { map, containing, .. } = expectation {
                by_map.entry(map).or_default().push((index, containing.clone()));
            }
        }
        let mut events = Self { buffers: Vec::new(), counts: Rc::default(), failures: BTreeMap::new() };
        for (map, wanted) in by_map {
            let indices: Vec<usize> = wanted.iter().map(|(index, _)| *index).collect();
            match open(object, map, wanted, Rc::clone(&events.counts)) {
                Ok(mut buffer) => {
                    buffer.consume();
                    events.buffers.push(buffer);
                }
                Err(says) => events.failures.extend(indices.iter().map(|index| (*index, says.clone()))),
            }
        }
        // What was sent before the command began does not count.
        events.counts.borrow_mut().clear();
        events
    }

    /// Counts what came.
    pub(super) fn consume(&mut self) {
        self.buffers.iter_mut().for_each(Buffer::consume);
    }

    /// What came for one expectation.
    pub(super) fn see(&self, index: usize) -> Saw {
        match self.failures.get(&index) {
            Some(says) => Saw::Nothing(says.clone()),
            None => Saw::Number(self.counts.borrow().get(&index).copied().unwrap_or_default()),
        }
    }
}

fn open(
    object: &Object,
    name: &str,
    wanted: Wanted,
    counts: Rc<RefCell<BTreeMap<usize, u64>>>,
) -> Result<Buffer, String> {
    let map = maps::find(object, name)?;
    let sink = move |event: &[u8]| {
        let mut counts = counts.borrow_mut();
        for (index, bytes) in &wanted {
            if memmem::find(event, bytes).is_some() {
                *counts.entry(*index).or_default() += 1;
            }
        }
    };
    Buffer::open(map, Box::new(sink)).map_err(|errno| format!("map `{name}` cannot be listened to: {errno}"))
}
