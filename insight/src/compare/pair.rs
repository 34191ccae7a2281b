//! What is held to what.

use super::report::{Cell, Kernel, Object, Report};
use domain::axis::Axes;
use domain::kernel::version_order;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A thing on both sides, or on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<T> {
    /// Before.
    pub base: Option<T>,
    /// Now.
    pub head: Option<T>,
}

impl<T: Copy> Pair<T> {
    /// Both, where there are both.
    pub fn both(&self) -> Option<(T, T)> {
        self.base.zip(self.head)
    }

    /// The one that is there, the later one if both are.
    pub fn one(&self) -> Option<T> {
        self.head.or(self.base)
    }
}

/// Two cells of one question, or one without another, with the objects they are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) cells: Pair<&'a Cell>,
    pub(super) object: Pair<&'a Object>,
    pub(super) kernel: Pair<&'a Kernel>,
}

/// Objects by name; those that are left by their bytes, as a report has names that its run does not keep; and the
/// only two there are.
pub(super) fn objects<'a>(base: &'a Report, head: &'a Report) -> Vec<Pair<&'a Object>> {
    if let ([base], [head]) = (base.objects.as_slice(), head.objects.as_slice()) {
        return vec![Pair { base: Some(base), head: Some(head) }];
    }
    let named: HashMap<&str, &Object> =
        head.objects.iter().map(|object| (object.name.as_str(), object)).collect();
    let before: HashMap<&str, &Object> =
        base.objects.iter().map(|object| (object.name.as_str(), object)).collect();
    let left = head.objects.iter().filter(|object| !before.contains_key(object.name.as_str()));
    let mut by_bytes: HashMap<&str, &Object> =
        left.clone().map(|object| (object.sha256.as_str(), object)).collect();
    let mut pairs = Vec::new();
    for object in &base.objects {
        let same = named.get(object.name.as_str()).copied();
        let same = same.or_else(|| by_bytes.remove(object.sha256.as_str()));
        pairs.push(Pair { base: Some(object), head: same });
    }
    let taken: HashSet<&str> =
        pairs.iter().filter_map(|pair| pair.head).map(|object| object.name.as_str()).collect();
    let new = left.filter(|object| !taken.contains(object.name.as_str()));
    pairs.extend(new.map(|object| Pair { base: None, head: Some(object) }));
    pairs
}

/// Kernels by id; and those that are left by what is the same of every build of theirs, newest first.
pub(super) fn kernels<'a>(base: &'a Report, head: &'a Report) -> Vec<Pair<&'a Kernel>> {
    let (before, now) = (by_id(base), by_id(head));
    let mut pairs = Vec::new();
    let mut lines: BTreeMap<_, (Vec<&Kernel>, Vec<&Kernel>)> = BTreeMap::new();
    let line = |kernel: &'a Kernel| (&kernel.distro, &kernel.flavour, &kernel.series, &kernel.arch);
    for (id, kernel) in &before {
        match now.get(id) {
            Some(same) => pairs.push(Pair { base: Some(*kernel), head: Some(*same) }),
            None => lines.entry(line(kernel)).or_default().0.push(kernel),
        }
    }
    for kernel in now.iter().filter(|(id, _)| !before.contains_key(*id)).map(|(_, kernel)| *kernel) {
        lines.entry(line(kernel)).or_default().1.push(kernel);
    }
    for (mut before, mut now) in lines.into_values() {
        let newest_first = |kernels: &mut Vec<&Kernel>| {
            kernels.sort_by(|a, b| version_order(&b.id, &a.id).then_with(|| b.id.cmp(&a.id)));
        };
        newest_first(&mut before);
        newest_first(&mut now);
        let count = before.len().max(now.len());
        pairs.extend((0..count).map(|at| Pair { base: before.get(at).copied(), head: now.get(at).copied() }));
    }
    pairs
}

fn by_id(report: &Report) -> BTreeMap<&str, &Kernel> {
    report.cells.iter().rev().map(|cell| (cell.kernel.id.as_str(), &cell.kernel)).collect()
}

/// Cells by object, kernel, loader and environment, in the order of the base, then what is new.
pub(super) fn cells<'a>(
    base: &'a Report,
    head: &'a Report,
    objects: &[Pair<&'a Object>],
    kernels: &[Pair<&'a Kernel>],
) -> Vec<Cells<'a>> {
    let before = Places::new(objects, kernels, |pair| pair.base, |pair| pair.base);
    let now = Places::new(objects, kernels, |pair| pair.head, |pair| pair.head);
    let mut new: HashMap<Question<'a>, &'a Cell> =
        head.cells.iter().filter_map(|cell| Some((now.question(cell)?, cell))).collect();
    let cells = |question: &Question<'a>, cells: Pair<&'a Cell>| Cells {
        cells,
        object: objects[question.object],
        kernel: kernels[question.kernel],
    };
    let mut pairs = Vec::new();
    for cell in &base.cells {
        let Some(question) = before.question(cell) else { continue };
        let same = new.remove(&question);
        pairs.push(cells(&question, Pair { base: Some(cell), head: same }));
    }
    for cell in &head.cells {
        let Some(question) = now.question(cell) else { continue };
        if new.contains_key(&question) {
            pairs.push(cells(&question, Pair { base: None, head: Some(cell) }));
        }
    }
    pairs
}

/// What two cells have in common that belong together: indices of pairs, the loader's name, and the axes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question<'a> {
    object: usize,
    kernel: usize,
    loader: &'a str,
    axes: Axes,
}

/// Where the objects and kernels of one side are among the pairs.
struct Places<'a> {
    objects: HashMap<&'a str, usize>,
    kernels: HashMap<&'a str, usize>,
}

impl<'a> Places<'a> {
    fn new(
        objects: &[Pair<&'a Object>],
        kernels: &[Pair<&'a Kernel>],
        object: impl Fn(&Pair<&'a Object>) -> Option<&'a Object>,
        kernel: impl Fn(&Pair<&'a Kernel>) -> Option<&'a Kernel>,
    ) -> Self {
        let objects = objects.iter().enumerate();
        let kernels = kernels.iter().enumerate();
        Self {
            objects: objects.filter_map(|(at, pair)| Some((object(pair)?.name.as_str(), at))).collect(),
            kernels: kernels.filter_map(|(at, pair)| Some((kernel(pair)?.id.as_str(), at))).collect(),
        }
    }

    /// Every cell of a report has one: what it names is among the pairs.
    fn question(&self, cell: &'a Cell) -> Option<Question<'a>> {
        let (loader, axes) = cell.surroundings();
        let object = *self.objects.get(cell.object.as_str())?;
        let kernel = *self.kernels.get(cell.kernel.id.as_str())?;
        Some(Question { object, kernel, loader, axes })
    }
}
