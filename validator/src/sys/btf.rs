//! The kernel's description of its own types.

use super::last_errno;
use super::libbpf::{c_text, text};
use domain::errno::Errno;
use libbpf_sys as raw;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// Structures without a name inside one another that are looked into; the kernel has a few levels.
const DEPTH_MAX: u32 = 8;
/// The parts of a type's `info`, of `linux/btf.h`.
const COUNT_MASK: u32 = 0xffff;
const KIND_SHIFT: u32 = 24;
const KIND_MASK: u32 = 0x1f;

/// Kinds of types, by their numbers in `linux/btf.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeKind {
    Struct = 4,
    Union = 5,
    Enum = 6,
    Typedef = 8,
    Function = 12,
    DeclTag = 17,
    Enum64 = 19,
}

/// Kinds that a name can stand for as a type; functions and variables have names too.
const NAMED_TYPES: [TypeKind; 5] =
    [TypeKind::Struct, TypeKind::Union, TypeKind::Enum, TypeKind::Enum64, TypeKind::Typedef];

/// The running kernel's BTF, or that of a module on top of it.
#[derive(Debug)]
pub(crate) struct KernelBtf<'base>(NonNull<raw::btf>, PhantomData<&'base raw::btf>);

fn owned<'base>(parsed: *mut raw::btf) -> Result<KernelBtf<'base>, Errno> {
    NonNull::new(parsed).map(|btf| KernelBtf(btf, PhantomData)).ok_or_else(last_errno)
}

impl Drop for KernelBtf<'_> {
    fn drop(&mut self) {
        // SAFETY: libbpf made it for us, and what stands on top of it is gone. A guest keeps that of its
        // kernel, in `wrap/btf.rs`.
        unsafe { raw::btf__free(self.0.as_ptr()) };
    }
}

impl KernelBtf<'static> {
    /// Reads and parses it.
    pub(crate) fn read() -> Result<Self, Errno> {
        // SAFETY: takes nothing and returns a pointer that is ours, or null.
        owned(unsafe { raw::btf__load_vmlinux_btf() })
    }
}

impl KernelBtf<'_> {
    /// That of a loaded module, with the kernel's below it.
    pub(crate) fn of_module(&self, module: &str) -> Result<KernelBtf<'_>, Errno> {
        let module = c_text(module);
        // SAFETY: libbpf reads the name during the call; the kernel's BTF outlives what is returned.
        owned(unsafe { raw::btf__load_module_btf(module.as_ptr(), self.0.as_ptr()) })
    }

    /// Whether there is a function of this name: what a loader looks up for a kfunc. No mark is asked for: kernels
    /// before 6.10 mark none, and 7.1 and 7.2 left some of the scheduler's unmarked.
    pub(crate) fn has_function(&self, name: &str) -> bool {
        let name = c_text(name);
        let kind = TypeKind::Function as u32;
        // SAFETY: the BTF is alive and libbpf reads the name during the call.
        unsafe { raw::btf__find_by_name_kind(self.0.as_ptr(), name.as_ptr(), kind) > 0 }
    }

    /// Whether there is a type of this name and, where one is named, with this member.
    pub(crate) fn has_type(&self, name: &str, member: Option<&str>) -> bool {
        let c_name = c_text(name);
        NAMED_TYPES.into_iter().any(|kind| {
            // SAFETY: as above.
            let id = unsafe { raw::btf__find_by_name_kind(self.0.as_ptr(), c_name.as_ptr(), kind as u32) };
            let found = u32::try_from(id).is_ok_and(|id| id > 0);
            found && member.is_none_or(|member| self.has_member(id.cast_unsigned(), member, DEPTH_MAX))
        })
    }

    /// Whether a structure or union, by whatever other name, has a member, also in a part of it that has no
    /// name.
    fn has_member(&self, id: u32, name: &str, depth: u32) -> bool {
        // SAFETY: the BTF is alive; a number of no type is answered with an error.
        let id = unsafe { raw::btf__resolve_type(self.0.as_ptr(), id) };
        let Ok(id) = u32::try_from(id) else { return false };
        depth > 0
            && self.members(id).iter().any(|member| {
                let found = self.text(member.name_off);
                found == name || found.is_empty() && self.has_member(member.type_, name, depth - 1)
            })
    }

    /// The names of the members of a structure or union; none when there is no such type.
    pub(crate) fn member_names(&self, name: &str) -> Vec<String> {
        let name = c_text(name);
        // SAFETY: the BTF is alive and libbpf reads the name during the call.
        let id = unsafe { raw::btf__find_by_name(self.0.as_ptr(), name.as_ptr()) };
        let members = u32::try_from(id).map(|id| self.members(id)).unwrap_or_default();
        members.iter().map(|member| self.text(member.name_off)).collect()
    }

    fn members(&self, id: u32) -> &[raw::btf_member] {
        let Some(header) = self.header(id) else { return &[] };
        // SAFETY: not null, and types live as long as their BTF.
        let info = unsafe { header.as_ref() }.info;
        const STRUCT: u32 = TypeKind::Struct as u32;
        const UNION: u32 = TypeKind::Union as u32;
        if !matches!(info >> KIND_SHIFT & KIND_MASK, STRUCT | UNION) {
            return &[];
        }
        // SAFETY: libbpf checked at parsing that a structure's members follow its header, as many as it
        // announces, and they live as long as their BTF.
        unsafe {
            std::slice::from_raw_parts(
                header.as_ptr().add(1).cast::<raw::btf_member>(),
                (info & COUNT_MASK) as usize,
            )
        }
    }

    /// One more than the largest value of an enum, its sentinels (names that begin with `__`) left
    /// out; `None` when the kernel has no such enum.
    pub(crate) fn enum_end(&self, name: &str) -> Option<u32> {
        self.enum_members(name).into_iter().map(|(_, value)| value).max()?.checked_add(1)
    }

    /// The members of an enum with their values, its sentinels left out; none when there is no such enum.
    pub(crate) fn enum_members(&self, name: &str) -> Vec<(String, u32)> {
        let name = c_text(name);
        // SAFETY: the BTF is alive and libbpf reads the name during the call.
        let id =
            unsafe { raw::btf__find_by_name_kind(self.0.as_ptr(), name.as_ptr(), TypeKind::Enum as u32) };
        let Some(header) = u32::try_from(id).ok().and_then(|id| self.header(id)) else { return Vec::new() };
        // SAFETY: not null, and types live as long as their BTF.
        let count = unsafe { header.as_ref() }.info & COUNT_MASK;
        // SAFETY: libbpf checked at parsing that an enum's members follow its header, as many as it
        // announces.
        let members = unsafe {
            std::slice::from_raw_parts(header.as_ptr().add(1).cast::<raw::btf_enum>(), count as usize)
        };
        let named = members.iter().map(|member| (self.text(member.name_off), member.val));
        named
            .filter(|(name, _)| !name.starts_with("__"))
            .filter_map(|(name, value)| Some((name, u32::try_from(value).ok()?)))
            .collect()
    }

    /// The names of all types of one kind, in their order.
    pub(crate) fn names(&self, kind: TypeKind) -> Vec<String> {
        self.types(kind).map(|(_, header)| self.text(header.name_off)).collect()
    }

    /// The names of the types that carry this tag.
    pub(crate) fn tagged(&self, tag: &str) -> Vec<String> {
        let tags = self.types(TypeKind::DeclTag).filter(|(_, header)| self.text(header.name_off) == tag);
        let targets = tags.filter_map(|(_, header)| {
            // SAFETY: of the two readings of this field, a tag has the one of a reference to a type.
            let target = self.header(unsafe { header.__bindgen_anon_1.type_ })?;
            // SAFETY: not null, and types live as long as their BTF.
            Some(self.text(unsafe { target.as_ref() }.name_off))
        });
        targets.collect()
    }

    fn types(&self, kind: TypeKind) -> impl Iterator<Item = (u32, raw::btf_type)> {
        // SAFETY: the BTF is alive.
        let count = unsafe { raw::btf__type_cnt(self.0.as_ptr()) };
        (1..count).filter_map(move |id| {
            // SAFETY: not null, and types live as long as their BTF.
            let header = unsafe { *self.header(id)?.as_ref() };
            (header.info >> KIND_SHIFT & KIND_MASK == kind as u32).then_some((id, header))
        })
    }

    fn header(&self, id: u32) -> Option<NonNull<raw::btf_type>> {
        // SAFETY: the BTF is alive; null means no such type.
        NonNull::new(unsafe { raw::btf__type_by_id(self.0.as_ptr(), id) }.cast_mut())
    }

    fn text(&self, offset: u32) -> String {
        // SAFETY: the BTF is alive; the name is null or NUL-terminated and lives as long.
        unsafe { text(raw::btf__name_by_offset(self.0.as_ptr(), offset)) }
    }
}
