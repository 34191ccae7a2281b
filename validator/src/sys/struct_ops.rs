//! Which programs are the functions of which struct_ops map, and attaching such a map.

use super::attach::Link;
use super::libbpf::{Map, Object, Program};
use domain::errno::Errno;
use libbpf_sys as raw;

/// One struct_ops map: its index among the object's maps, and its programs by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) map: usize,
    pub(crate) programs: Vec<usize>,
}

/// The struct_ops maps of an object that is open and not loaded: later, libbpf no longer tells how large
/// what it kept of the object's own struct is.
pub(crate) fn tables(object: &Object) -> Vec<Table> {
    let programs: Vec<Program<'_>> = object.programs().collect();
    let maps = object.maps().enumerate().filter(|(_, map)| map.number() == raw::BPF_MAP_TYPE_STRUCT_OPS);
    maps.map(|(index, map)| {
        let words = words(map);
        let is_in = |program: &Program<'_>| words.contains(&(program.as_ptr() as usize));
        let members = programs.iter().enumerate().filter(|(_, program)| is_in(program));
        Table { map: index, programs: members.map(|(index, _)| index).collect() }
    })
    .collect()
}

/// The struct as libbpf keeps it before a load: where a function belongs stands the address of its
/// `struct bpf_program`.
fn words(map: Map<'_>) -> Vec<usize> {
    let mut bytes: raw::size_t = 0;
    // SAFETY: the map is alive; libbpf returns memory of its own and writes its size, or null.
    let start = unsafe { raw::bpf_map__initial_value(map.as_ptr(), &raw mut bytes) };
    if start.is_null() {
        return Vec::new();
    }
    let count = usize::try_from(bytes).unwrap_or_default() / size_of::<usize>();
    // SAFETY: libbpf allocated `bytes` bytes there, aligned for any type, that live as long as the map.
    unsafe { std::slice::from_raw_parts(start.cast::<usize>(), count) }.to_vec()
}

/// Registers the map's struct with the kernel.
pub(crate) fn attach(map: Map<'_>) -> Result<Link, Errno> {
    // SAFETY: the map is alive.
    super::attach::link(unsafe { raw::bpf_map__attach_struct_ops(map.as_ptr()) })
}
