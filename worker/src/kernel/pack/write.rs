//! Packing the modules of a kernel, one at a time, as they come out of its packages.

use super::{
    Entry, MODULE_BYTES_MAX, MODULES_MAX, PACK, RECORD_BYTES, SYMBOLS, SYMBOLS_MAX, TABLE, entry, fingerprint,
};
use crate::kernel::KernelError;
use crate::kernel::modules::Builtin;
use crate::kernel::unpack::decompress;
use domain::digest::Digest;
use flate2::Compression;
use flate2::write::GzEncoder;
use insight::module::{ModuleFacts, inspect, is_name};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// A pack that is being written.
#[derive(Debug)]
pub(in crate::kernel) struct Packing {
    path: PathBuf,
    file: BufWriter<File>,
    at: u64,
    table: Vec<Entry>,
    names: HashSet<String>,
    symbols: Vec<Symbol>,
}

/// One symbol of one module. Sorted, the one to be found comes first: symbols that are seen outside their
/// file before others, then by the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Symbol {
    fingerprint: u64,
    local: bool,
    module: u16,
}

/// A pack without its index. Which symbols belong into that is known once the kernel's types are.
#[derive(Debug, Clone)]
pub(in crate::kernel) struct Packed {
    dir: PathBuf,
    table: Vec<Entry>,
    symbols: Vec<Symbol>,
}

impl Packing {
    /// Begins a pack in the directory `dir`.
    pub(in crate::kernel) fn start(dir: &Path) -> Result<Self, KernelError> {
        let path = dir.join(PACK);
        let file = File::create(&path).map_err(|source| KernelError::io("create", &path, source))?;
        let file = BufWriter::new(file);
        Ok(Self { path, file, at: 0, table: Vec::new(), names: HashSet::new(), symbols: Vec::new() })
    }

    /// Adds the module in `file`, compressed as `kind` says. A name that was added before is left out.
    pub(in crate::kernel) fn add(
        &mut self,
        name: &str,
        kind: &str,
        file: Vec<u8>,
    ) -> Result<(), KernelError> {
        let malformed = |says: String| KernelError::malformed(format!("module {name}"), says);
        if !is_name(name) {
            return Err(malformed("a name that no module has".to_owned()));
        }
        if !self.names.insert(name.to_owned()) {
            return Ok(());
        }
        if self.table.len() == MODULES_MAX {
            return Err(malformed(format!("more than {MODULES_MAX} modules")));
        }
        let plain = plain(kind, &file).map_err(|error| malformed(error.to_string()))?;
        let ModuleFacts { depends, symbols } = inspect(&plain).map_err(malformed)?;
        if self.symbols.len() + symbols.len() > SYMBOLS_MAX {
            return Err(malformed(format!("more than {SYMBOLS_MAX} symbols in all modules")));
        }
        let module = u16::try_from(self.table.len()).expect("their number is limited");
        self.symbols.extend(symbols.iter().map(|symbol| Symbol {
            fingerprint: fingerprint(symbol.name),
            local: !symbol.global,
            module,
        }));
        let io = |source| KernelError::io("write", &self.path, source);
        let (kind, stored) = match kind {
            "" => (".gz", deflated(&plain).map_err(io)?),
            kind => (kind, file),
        };
        self.file.write_all(&stored).map_err(io)?;
        let (bytes, plain_bytes) = (stored.len() as u64, plain.len() as u64);
        self.table.push(Entry {
            name: name.to_owned(),
            at: self.at,
            bytes,
            plain_bytes,
            kind: kind.to_owned(),
            sha256: Digest::of(&stored),
            depends,
        });
        self.at += bytes;
        Ok(())
    }

    /// Ends the pack. `None` if no module was added; then it is deleted.
    pub(in crate::kernel) fn finish(mut self, builtin: &Builtin) -> Result<Option<Packed>, KernelError> {
        let io = |source| KernelError::io("write", &self.path, source);
        self.file.flush().map_err(io)?;
        if self.table.is_empty() {
            std::fs::remove_file(&self.path).map_err(io)?;
            return Ok(None);
        }
        for entry in &mut self.table {
            entry.depends.retain(|name| !builtin.contains(name));
        }
        let mut order: Vec<usize> = (0..self.table.len()).collect();
        order.sort_by(|&a, &b| self.table[a].name.cmp(&self.table[b].name));
        let mut number = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            number[old] = u16::try_from(new).expect("their number is limited");
        }
        for symbol in &mut self.symbols {
            symbol.module = number[usize::from(symbol.module)];
        }
        let table = order.into_iter().map(|old| self.table[old].clone()).collect();
        let dir = self.path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Some(Packed { dir, table, symbols: self.symbols }))
    }
}

impl Packed {
    /// What a module needs before it, if it is there.
    pub(in crate::kernel) fn depends(&self, name: &str) -> Option<&[String]> {
        entry(&self.table, name).map(|entry| entry.depends.as_slice())
    }

    /// Writes a module into a file of its own, decompressed, and yields its path in the directory.
    pub(in crate::kernel) fn write_alone(&self, name: &str) -> Result<PathBuf, KernelError> {
        let path = PathBuf::from("modules").join(format!("{name}.ko"));
        let full = self.dir.join(&path);
        let io = |source| KernelError::io("write", &full, source);
        let entry = entry(&self.table, name)
            .ok_or_else(|| KernelError::malformed(format!("module {name}"), "it is not packed"))?;
        let module = entry.take(&self.dir.join(PACK))?;
        std::fs::create_dir_all(full.parent().unwrap_or(&self.dir)).map_err(io)?;
        std::fs::write(&full, module).map_err(io)?;
        Ok(path)
    }

    /// Writes the index, without the symbols that `of_kernel` names. Yields the paths of pack, table and
    /// symbols in the directory.
    pub(in crate::kernel) fn write_index<N: AsRef<str>>(
        mut self,
        of_kernel: impl Iterator<Item = N>,
    ) -> Result<[PathBuf; 3], KernelError> {
        let of_kernel: HashSet<u64> = of_kernel.map(|name| fingerprint(name.as_ref())).collect();
        self.symbols.retain(|symbol| !of_kernel.contains(&symbol.fingerprint));
        self.symbols.sort_unstable();
        self.symbols.dedup_by_key(|symbol| symbol.fingerprint);
        let mut records = Vec::with_capacity(self.symbols.len() * RECORD_BYTES);
        for symbol in &self.symbols {
            records.extend_from_slice(&symbol.fingerprint.to_le_bytes());
            records.extend_from_slice(&symbol.module.to_le_bytes());
        }
        let write = |name: &str, bytes: &[u8]| {
            let path = self.dir.join(name);
            std::fs::write(&path, bytes).map_err(|source| KernelError::io("write", &path, source))
        };
        write(SYMBOLS, &records)?;
        let table = serde_json::to_vec(&self.table)
            .map_err(|error| KernelError::io("write", &self.dir.join(TABLE), error.into()))?;
        write(TABLE, &table)?;
        Ok([PACK, TABLE, SYMBOLS].map(PathBuf::from))
    }
}

fn plain(kind: &str, file: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    let read = decompress(kind, file)?.take(MODULE_BYTES_MAX + 1).read_to_end(&mut plain)?;
    if read as u64 > MODULE_BYTES_MAX {
        return Err(std::io::Error::other(format!("more than {MODULE_BYTES_MAX} bytes")));
    }
    Ok(plain)
}

/// Packages of kernels before 6.6 hold their modules as they are.
fn deflated(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(plain)?;
    packer.finish()
}
