//! Programs that are the functions of a struct: attached together, by registering the struct.

use super::{Attacher, Attempt, way_of};
use crate::sys::struct_ops;

/// Registers the struct that the program with this index is a function of. The first program of a
/// struct does it for all.
pub(super) fn attach(attacher: &Attacher<'_>, program: usize) -> Attempt {
    let table = attacher.tables.iter().find(|table| table.programs.contains(&program));
    let maps = || attacher.object.maps();
    let Some((table, map)) = table.and_then(|table| Some((table, maps().nth(table.map)?))) else {
        return Attempt::skipped("", "no struct_ops map of the object refers to it");
    };
    let hook = map.name();
    if !map.autocreate() {
        return Attempt::skipped(hook, "its struct_ops map is not created by default");
    }
    let loaded = |index: &usize| attacher.object.programs().nth(*index).is_some_and(|p| p.info().is_some());
    if !table.programs.iter().all(loaded) {
        return Attempt::skipped(hook, "other functions of its struct are not loaded");
    }
    if let Some(how) = attacher.registered.borrow().get(&table.map) {
        return Attempt::attached(hook, how);
    }
    match struct_ops::attach(map) {
        Ok(link) => {
            // Kernels before 6.4, and maps without BPF_F_LINK, register by writing the map's value.
            let how = link.kind().map_or_else(|| "map value".to_owned(), |_| way_of(&link));
            attacher.registered.borrow_mut().insert(table.map, how.clone());
            Attempt::attached(hook, &how).holding(link)
        }
        Err(errno) => Attempt::failed(hook, "struct_ops", errno),
    }
}
