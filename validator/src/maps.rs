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
    flags: u32,
    holds_maps: bool,
}

impl Exercise<'_> {
    /// Creates every map without any program. All together first, which costs one load; if that is
    /// refused, one by one.
    pub(crate) fn maps(&self) -> Result<(), ExerciseError> {
        let mut candidates = candidates(&self.reopen()?);
        let all: BTreeSet<usize> = candidates.iter().map(|map| map.index).collect();
        let together = self.create(&all, None)?;
        self.forget();
        if together.is_none() {
            return candidates.into_iter().try_for_each(|map| self.created(map.name));
        }
        // What libbpf does before it creates maps (externs, CO-RE) may itself fail. Then no map was
        // tried, and none may be blamed.
        let nothing = self.create(&BTreeSet::new(), None)?;
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
            let errno = self.create(&wanted, None)?;
            let log = self.recorder.take(errno.is_none());
            if errno.is_none() {
                created.insert(map.index);
            }
            let without_flags = match errno {
                Some(Errno::EINVAL) => self.without_flags(&map, &wanted)?,
                Some(_) | None => None,
            };
            self.send(&FromGuest::Map(MapCreate { map: map.name.clone(), errno, without_flags }))?;
            self.send_log(&LogSubject::Map(map.name), log)?;
        }
        Ok(())
    }

    /// The one flag, or else all flags, without which the kernel creates a map that it refused.
    fn without_flags(&self, map: &Candidate, wanted: &BTreeSet<usize>) -> Result<Option<u32>, ExerciseError> {
        let single = (0..u32::BITS).map(|bit| 1 << bit).filter(|flag| map.flags & flag != 0);
        for dropped in single.chain((map.flags.count_ones() > 1).then_some(map.flags)) {
            let errno = self.create(wanted, Some((map.index, map.flags & !dropped)))?;
            self.forget();
            if errno.is_none() {
                return Ok(Some(dropped));
            }
        }
        Ok(None)
    }

    /// Creates the maps with these indices, and one of them with other flags if that is asked for.
    fn create(
        &self,
        wanted: &BTreeSet<usize>,
        flags: Option<(usize, u32)>,
    ) -> Result<Option<Errno>, ExerciseError> {
        let Instance { object, .. } = self.reopen()?;
        let set_flags = || match flags.and_then(|(index, flags)| Some((object.maps().nth(index)?, flags))) {
            Some((map, flags)) => map.set_flags(flags),
            None => Ok(()),
        };
        load::only_programs(&object, |_| false)
            .and_then(|()| load::only_maps(&object, |index| wanted.contains(&index)))
            .and_then(|()| set_flags())
            .map_err(ExerciseError::Narrow)?;
        Ok(object.create_maps().err())
    }

    fn created(&self, map: String) -> Result<(), ExerciseError> {
        let subject = LogSubject::Map(map.clone());
        self.send(&FromGuest::Map(MapCreate { map, errno: None, without_flags: None }))?;
        self.log(&subject, true)
    }
}

/// The maps a load creates. A struct_ops map is left out: libbpf loads its programs with it.
fn candidates(instance: &Instance) -> Vec<Candidate> {
    let maps = instance.object.maps().enumerate();
    maps.filter(|(_, map)| map.autocreate() && map.number() != BPF_MAP_TYPE_STRUCT_OPS)
        .map(|(index, map)| Candidate {
            index,
            name: map.name(),
            flags: map.flags(),
            holds_maps: matches!(map.number(), BPF_MAP_TYPE_ARRAY_OF_MAPS | BPF_MAP_TYPE_HASH_OF_MAPS),
        })
        .collect()
}
