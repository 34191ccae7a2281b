//! Finding the modules an object needs, and taking them out.

use super::{Entry, Pack, RECORD_BYTES, entry, fingerprint};
use crate::kernel::modules::visit;
use crate::kernel::unpack::decompress;
use crate::kernel::{Bundle, KernelError, OnDemand};
use domain::digest::Digest;
use domain::evidence::{LeftModule, Modules, Sought};
use domain::message::Module;
use domain::{JOB_MODULES_BYTES_MAX, JOB_MODULES_MAX};
use insight::wanted::Wanted;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

impl Bundle {
    /// The modules that have what is `wanted`, with those they need, but for those every guest has. Reads
    /// little if there are none. Blocks.
    ///
    /// # Errors
    /// `ModuleDamaged`, and whatever keeps files from being read.
    pub fn on_demand(&self, wanted: &[Wanted]) -> Result<OnDemand, KernelError> {
        let Some(pack) = &self.pack else { return Ok(OnDemand::default()) };
        let mut modules = Modules { searched: true, ..Modules::default() };
        let index = Index::open(&pack.symbols)?;
        let found: Vec<Option<u16>> =
            wanted.iter().map(|wanted| index.find(&wanted.symbol)).collect::<Result<_, _>>()?;
        let none = found.iter().all(Option::is_none) && wanted.iter().all(|wanted| wanted.module.is_none());
        let table = if none { Vec::new() } else { pack.read_table()? };
        for (wanted, found) in wanted.iter().zip(found) {
            let named = wanted.module.as_deref().and_then(|name| entry(&table, name));
            let module = named.or_else(|| table.get(usize::from(found?)));
            let module = module.map(|entry| entry.name.clone());
            modules.sought.push(Sought { symbol: wanted.symbol.clone(), module });
        }
        let order = self.choose(&table, &mut modules);
        let take = |entry: &Entry| Ok(Module { name: entry.name.clone(), file: entry.take(&pack.modules)? });
        Ok(OnDemand { given: order.into_iter().map(take).collect::<Result<_, KernelError>>()?, modules })
    }

    /// The modules that hold what was found, in the order in which they load, as far as one job can
    /// carry them; what it cannot is noted.
    fn choose<'t>(&self, table: &'t [Entry], modules: &mut Modules) -> Vec<&'t Entry> {
        let standing: Vec<&str> = self.modules.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
        let present = |name: &str| standing.contains(&name);
        let depends = |name: &str| entry(table, name).map(|entry| entry.depends.as_slice());
        let mut order: Vec<String> = Vec::new();
        let mut bytes = 0;
        let entries =
            |names: &[String]| names.iter().filter_map(|name| entry(table, name)).collect::<Vec<_>>();
        for name in modules.sought.iter().filter_map(|sought| sought.module.as_deref()) {
            let before = order.len();
            let why = match visit(name, &present, &depends, &mut order) {
                Err(missing) => format!("it needs module {missing}, which is not in the packages"),
                Ok(()) => {
                    let more: u64 = entries(&order[before..]).iter().map(|entry| entry.plain_bytes).sum();
                    if order.len() <= JOB_MODULES_MAX && bytes + more <= JOB_MODULES_BYTES_MAX as u64 {
                        bytes += more;
                        continue;
                    }
                    let mebibytes = JOB_MODULES_BYTES_MAX >> 20;
                    format!("a guest is given at most {JOB_MODULES_MAX} modules and {mebibytes} MiB of them")
                }
            };
            order.truncate(before);
            if !modules.left.iter().any(|left| left.name == name) {
                modules.left.push(LeftModule { name: name.to_owned(), why });
            }
        }
        entries(&order)
    }
}

impl Pack {
    fn read_table(&self) -> Result<Vec<Entry>, KernelError> {
        let io = |source| KernelError::io("read", &self.table, source);
        serde_json::from_slice(&std::fs::read(&self.table).map_err(io)?).map_err(|error| io(error.into()))
    }
}

/// The file that tells which module has a symbol.
struct Index<'a> {
    path: &'a Path,
    file: File,
    records: u64,
}

impl<'a> Index<'a> {
    fn open(path: &'a Path) -> Result<Self, KernelError> {
        let open = || {
            let file = File::open(path)?;
            let records = file.metadata()?.len() / RECORD_BYTES as u64;
            Ok(Self { path, file, records })
        };
        open().map_err(|source| KernelError::io("open", path, source))
    }

    /// The number of the module that has `symbol`.
    fn find(&self, symbol: &str) -> Result<Option<u16>, KernelError> {
        let wanted = fingerprint(symbol);
        let (mut from, mut to) = (0, self.records);
        while from < to {
            let middle = from + (to - from) / 2;
            let (fingerprint, module) = self.record(middle)?;
            match fingerprint.cmp(&wanted) {
                std::cmp::Ordering::Equal => return Ok(Some(module)),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        Ok(None)
    }

    fn record(&self, number: u64) -> Result<(u64, u16), KernelError> {
        let mut record = [0; RECORD_BYTES];
        let read = self.file.read_exact_at(&mut record, number * RECORD_BYTES as u64);
        read.map_err(|source| KernelError::io("read", self.path, source))?;
        let [a, b, c, d, e, f, g, h, low, high] = record;
        Ok((u64::from_le_bytes([a, b, c, d, e, f, g, h]), u16::from_le_bytes([low, high])))
    }
}

impl Entry {
    /// The module, as the kernel loads it, out of the file `pack`.
    pub(super) fn take(&self, pack: &Path) -> Result<Vec<u8>, KernelError> {
        let io = |source| KernelError::io("read", pack, source);
        let mut stored = Vec::new();
        let file = File::open(pack).map_err(io)?;
        // The table was sealed with the bundle, so its lengths are those that were written.
        stored.resize(usize::try_from(self.bytes).unwrap_or(usize::MAX), 0);
        file.read_exact_at(&mut stored, self.at).map_err(io)?;
        if Digest::of(&stored) != self.sha256 {
            return Err(KernelError::ModuleDamaged { name: self.name.clone(), pack: pack.to_owned() });
        }
        let mut plain = Vec::with_capacity(usize::try_from(self.plain_bytes).unwrap_or(0));
        let reader = decompress(&self.kind, stored.as_slice()).map_err(io)?;
        reader.take(self.plain_bytes).read_to_end(&mut plain).map_err(io)?;
        Ok(plain)
    }
}
