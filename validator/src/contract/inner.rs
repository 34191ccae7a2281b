//! Prototypes of the maps in maps of maps, inferred where the object tells.
//!
//! libbpf takes the prototype from the type of `values`. Where an object has none, its loader makes it, mostly
//! of a map that the object declares for nothing else. A map that is named after the outer one, or the only
//! one named `inner`, is that map. And programs that write into a ring buffer where the object has none but
//! one map of maps find it there. What cannot be told so is left to the kernel's refusal.

use super::Terms;
use super::sizes::RING_BYTES;
use crate::sys::libbpf::{Map, Object};
use crate::sys::setting::{MapShape, create_map};
use domain::errno::Errno;
use domain::helper;
use libbpf_sys::{BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_RINGBUF};
use std::os::fd::AsFd as _;

/// Helpers that take a ring buffer.
const RING_HELPERS: [&str; 4] =
    ["ringbuf_output", "ringbuf_reserve", "ringbuf_query", "ringbuf_reserve_dynptr"];

/// Sets prototypes that are neither in the object nor declared, one sentence each.
pub(super) fn infer(
    object: &Object,
    declared: impl Fn(&str) -> bool,
    terms: &mut Terms,
) -> Result<(), Errno> {
    let ring = unsaid_ring(object);
    let of_maps = object.maps().filter(|map| holds_maps(*map) && !map.has_inner());
    for outer in of_maps.filter(|map| !declared(&map.name())) {
        let name = outer.name();
        let names: Vec<String> =
            object.maps().filter(|map| !holds_maps(*map)).map(|map| map.name()).collect();
        let meant = prototype(&name, &names);
        let inner = meant.and_then(|meant| object.maps().find(|map| map.name() == meant));
        let (shape, meant) = match (inner, ring) {
            (Some(inner), _) => (shape_of(inner), format!("`{}` was their prototype", inner.name())),
            (None, Some(shape)) => (shape, format!("ring buffers of {} bytes were used", shape.max_entries)),
            (None, None) => continue,
        };
        // A kernel that refuses the inner map refuses the outer one too, and says so there.
        let Ok(made) = create_map(shape) else { continue };
        outer.set_inner(made.as_fd())?;
        terms.prototypes.push(made);
        terms
            .inferred
            .push(format!("map `{name}` holds maps and does not say which, as its loader does; {meant}"));
    }
    Ok(())
}

fn shape_of(inner: Map<'_>) -> MapShape {
    MapShape {
        number: inner.number(),
        key_bytes: inner.key_bytes(),
        value_bytes: inner.value_bytes(),
        max_entries: inner.max_entries(),
        flags: inner.flags(),
    }
}

/// A ring buffer, if programs write into one and only a map of maps can hold it.
fn unsaid_ring(object: &Object) -> Option<MapShape> {
    let helpers: Vec<i32> =
        RING_HELPERS.iter().filter_map(|name| i32::try_from(helper::number(name)?).ok()).collect();
    let unsaid = object.maps().filter(|map| holds_maps(*map) && !map.has_inner()).count();
    let has_ring = object.maps().any(|map| map.number() == BPF_MAP_TYPE_RINGBUF);
    let writes = object.programs().any(|program| program.calls(&helpers));
    (writes && !has_ring && unsaid == 1).then_some(MapShape {
        number: BPF_MAP_TYPE_RINGBUF,
        key_bytes: 0,
        value_bytes: 0,
        max_entries: RING_BYTES,
        flags: 0,
    })
}

fn holds_maps(map: Map<'_>) -> bool {
    matches!(map.number(), BPF_MAP_TYPE_ARRAY_OF_MAPS | BPF_MAP_TYPE_HASH_OF_MAPS)
}

/// The map that is the prototype of those in `outer`, by name.
fn prototype<'n>(outer: &str, names: &'n [String]) -> Option<&'n str> {
    let after_outer = [
        format!("{outer}_inner"),
        format!("inner_{outer}"),
        format!("{outer}_template"),
        format!("{outer}_proto"),
    ];
    if let Some(name) = names.iter().find(|name| after_outer.contains(name)) {
        return Some(name);
    }
    let is_inner = |name: &&String| name.split('_').any(|word| word == "inner");
    let mut inner = names.iter().filter(is_inner);
    match (inner.next(), inner.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prototype_is_taken_only_where_one_map_is_meant() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (outer, maps, expected) in [
            ("flows", &["flows_inner", "other_inner"][..], Some("flows_inner")),
            ("flows", &["inner_flows", "x"], Some("inner_flows")),
            ("flows", &["inner_map", "x"], Some("inner_map")),
            ("flows", &["inner_a", "inner_b"], None),
            ("flows", &["winner", "x"], None),
            ("flows", &[], None),
        ] {
            assert_eq!(prototype(outer, &names(maps)), expected, "{outer} {maps:?}");
        }
    }
}
