//! Maps on their own, tried when the object as a whole was refused.

use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::open::Instance;
use domain::errno::Errno;
use domain::evidence::{LogSubject, MapCreate};
use domain::message::FromGuest;
use libbpf_sys::{BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_STRUCT_OPS};
use std::collections::BTreeSet;

/// A map of the object that a load creates.
#[derive(Debug, Clone)]
struct Candidate {
    index: usize,
    name: String,
    holds_maps: bool,
}

impl Exercise<'_> {
    /// Creates every map without any program. All together first, which costs one load; if that is
    /// refused, one by one.
    pub(crate) fn maps(&self) -> Result<(), ExerciseError> {
        let mut candidates = candidates(&self.reopen()?);
        let all: BTreeSet<usize> = candidates.iter().map(|map| map.index).collect();
        let together = self.create(&all)?;
        self.forget();
        if together.is_none() {
            return candidates.into_iter().try_for_each(|map| self.report(map.name, None));
        }
        // What libbpf does before it creates maps (externs, CO-RE) may itself fail. Then no map was
        // tried, and none may be blamed.
        let nothing = self.create(&BTreeSet::new())?;
        self.forget();
        if nothing.is_some() {
            return Ok(());
        }
        // Maps that hold maps come last, in the company of those that can be created: their first
        // entries refer to them.
        candidates.sort_by_key(|map| map.holds_maps);
        let mut created = BTreeSet::new();
        for map in candidates {
            let mut wanted = if map.holds_maps { created.clone() } else { BTreeSet::new() };
            wanted.insert(map.index);
            let errno = self.create(&wanted)?;
            if errno.is_none() {
                created.insert(map.index);
            }
            self.report(map.name, errno)?;
        }
        Ok(())
    }

    fn create(&self, wanted: &BTreeSet<usize>) -> Result<Option<Errno>, ExerciseError> {
        let Instance { object, .. } = self.reopen()?;
        load::only_programs(&object, |_| false)
            .and_then(|()| load::only_maps(&object, |index| wanted.contains(&index)))
            .map_err(ExerciseError::Narrow)?;
        Ok(object.create_maps().err())
    }

    fn report(&self, map: String, errno: Option<Errno>) -> Result<(), ExerciseError> {
        let subject = LogSubject::Map(map.clone());
        self.send(&FromGuest::Map(MapCreate { map, errno }))?;
        self.log(&subject, errno.is_none())
    }
}

/// The maps a load creates. A struct_ops map is left out: libbpf loads its programs with it.
fn candidates(instance: &Instance) -> Vec<Candidate> {
    let maps = instance.object.maps().enumerate();
    maps.filter(|(_, map)| map.autocreate() && map.number() != BPF_MAP_TYPE_STRUCT_OPS)
        .map(|(index, map)| Candidate {
            index,
            name: map.name(),
            holds_maps: matches!(map.number(), BPF_MAP_TYPE_ARRAY_OF_MAPS | BPF_MAP_TYPE_HASH_OF_MAPS),
        })
        .collect()
}
