//! Kernel error numbers, kept as numbers and shown by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A positive Linux error number, as a syscall inside the guest returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Errno(pub i32);

/// Names of the numbers that BPF syscalls and libbpf return. Values from the kernel's
/// `asm-generic/errno-base.h` and `errno.h` (x86 and arm64 agree on these) and, for 524,
/// the kernel-internal `linux/errno.h`.
const NAMES: &[(i32, &str)] = &[
    (1, "EPERM"),
    (2, "ENOENT"),
    (3, "ESRCH"),
    (4, "EINTR"),
    (5, "EIO"),
    (6, "ENXIO"),
    (7, "E2BIG"),
    (8, "ENOEXEC"),
    (9, "EBADF"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (14, "EFAULT"),
    (16, "EBUSY"),
    (17, "EEXIST"),
    (19, "ENODEV"),
    (20, "ENOTDIR"),
    (22, "EINVAL"),
    (24, "EMFILE"),
    (27, "EFBIG"),
    (28, "ENOSPC"),
    (34, "ERANGE"),
    (38, "ENOSYS"),
    (75, "EOVERFLOW"),
    (84, "EILSEQ"),
    (92, "ENOPROTOOPT"),
    (93, "EPROTONOSUPPORT"),
    (95, "EOPNOTSUPP"),
    (97, "EAFNOSUPPORT"),
    (99, "EADDRNOTAVAIL"),
    (107, "ENOTCONN"),
    (110, "ETIMEDOUT"),
    (524, "ENOTSUPP"),
];

impl Errno {
    /// Operation not permitted.
    pub const EPERM: Self = Self(1);
    /// No such file, symbol or hook.
    pub const ENOENT: Self = Self(2);
    /// No such process; also how libbpf says that a BTF type was not found.
    pub const ESRCH: Self = Self(3);
    /// Too big.
    pub const E2BIG: Self = Self(7);
    /// Not an executable or object of the expected format.
    pub const ENOEXEC: Self = Self(8);
    /// Out of memory.
    pub const ENOMEM: Self = Self(12);
    /// Permission denied; from the verifier, a rejected memory access.
    pub const EACCES: Self = Self(13);
    /// Busy.
    pub const EBUSY: Self = Self(16);
    /// Already there.
    pub const EEXIST: Self = Self(17);
    /// Invalid argument.
    pub const EINVAL: Self = Self(22);
    /// No space left; from the verifier, a log buffer too small.
    pub const ENOSPC: Self = Self(28);
    /// Operation not supported.
    pub const EOPNOTSUPP: Self = Self(95);
    /// Operation not supported, the kernel-internal number that leaks through some BPF paths.
    pub const ENOTSUPP: Self = Self(524);

    /// The number that shows itself so: `EINVAL`, or `errno 133`.
    pub fn from_name(name: &str) -> Option<Self> {
        let known = NAMES.iter().find(|(_, known)| *known == name).map(|(number, _)| *number);
        known.or_else(|| name.strip_prefix("errno ")?.parse().ok()).map(Self)
    }

    /// The symbolic name, or `None` for a number outside the table.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(number, _)| *number == self.0).map(|(_, name)| *name)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}
