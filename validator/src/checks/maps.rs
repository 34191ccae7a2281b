//! What is in the object's maps.

use crate::sys::libbpf::{self, Map, Object};
use crate::sys::map::{self, KEYS_MAX};
use domain::check::{GlobalPlace, Saw};
use domain::errno::Errno;
use libbpf_sys as raw;

/// A map of the object by its name; maps of variables also by the end of it, for libbpf puts the object's name
/// in front.
pub(super) fn find<'o>(object: &'o Object, name: &str) -> Result<Map<'o>, String> {
    let named = |map: &Map<'_>| map.name() == name || (map.is_internal() && map.name().ends_with(name));
    object.maps().find(named).ok_or_else(|| format!("the object has no map `{name}`"))
}

/// The number at a key.
pub(super) fn entry(object: &Object, name: &str, key: &[u8]) -> Saw {
    let look = || {
        let map = find(object, name)?;
        let (has, asked) = (map.key_bytes() as usize, key.len());
        if has != asked {
            return Err(format!(
                "keys of map `{name}` have {has} bytes, not {asked}; write all of them as `hex`"
            ));
        }
        if !map.is_created() {
            return Err(format!("map `{name}` was not created"));
        }
        let (copies, stride) = copies(map);
        let value = match map::value(map, key, copies * stride) {
            Ok(value) => value,
            Err(Errno::ENOENT) => return Ok(Saw::NoKey),
            Err(errno) => return Err(format!("map `{name}` could not be read: {errno}")),
        };
        let bytes = map.value_bytes() as usize;
        let numbers = value.chunks(stride).map(|copy| number(copy.get(..bytes)?));
        let sum = numbers.sum::<Option<u64>>().map(Saw::Number);
        sum.ok_or_else(|| format!("the {bytes} bytes of a value of `{name}` are no number"))
    };
    look().unwrap_or_else(Saw::Nothing)
}

/// The number in a global variable.
pub(super) fn global(object: &Object, places: &[GlobalPlace], name: &str) -> Saw {
    let look = || {
        let unknown = || format!("nobody told where variable `{name}` stands");
        let place = places.iter().find(|place| place.name == name).ok_or_else(unknown)?;
        let map = find(object, &place.section)?;
        let value = map::value(map, &[0; 4], map.value_bytes() as usize)
            .map_err(|errno| format!("variable `{name}` could not be read: {errno}"))?;
        let bytes = value.get(place.offset as usize..).and_then(|rest| rest.get(..place.bytes as usize));
        bytes.and_then(number).ok_or_else(|| format!("variable `{name}` is no number"))
    };
    look().map_or_else(Saw::Nothing, Saw::Number)
}

/// How many entries a map has.
pub(super) fn entries(object: &Object, name: &str) -> Saw {
    let count = find(object, name).and_then(|map| match map::count_keys(map) {
        Ok(Some(count)) => Ok(count),
        Ok(None) => Err(format!("map `{name}` has more than {KEYS_MAX} entries, which are not counted")),
        Err(errno) => Err(format!("the keys of map `{name}` could not be read: {errno}")),
    });
    count.map_or_else(Saw::Nothing, Saw::Number)
}

/// How many values there are for one key, and from one to the next, in bytes: the kernel rounds those of
/// maps with a value for each processor up to eight.
fn copies(map: Map<'_>) -> (usize, usize) {
    let bytes = map.value_bytes() as usize;
    match map.number() {
        raw::BPF_MAP_TYPE_PERCPU_HASH
        | raw::BPF_MAP_TYPE_LRU_PERCPU_HASH
        | raw::BPF_MAP_TYPE_PERCPU_ARRAY
        | raw::BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE => {
            (libbpf::possible_cpus().unwrap_or(1) as usize, bytes.next_multiple_of(8))
        }
        _ => (1, bytes),
    }
}

/// A number as the guest's processor keeps it.
fn number(bytes: &[u8]) -> Option<u64> {
    match bytes.len() {
        1 => Some(bytes[0].into()),
        2 => bytes.try_into().ok().map(u16::from_ne_bytes).map(u64::from),
        4 => bytes.try_into().ok().map(u32::from_ne_bytes).map(u64::from),
        8 => bytes.try_into().ok().map(u64::from_ne_bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_of_usual_sizes_are_numbers() {
        assert_eq!(number(&7_u64.to_ne_bytes()), Some(7));
        assert_eq!(number(&[255]), Some(255));
        assert_eq!(number(&[1, 2, 3]), None);
        assert_eq!(number(&[]), None);
    }
}
