//! A run arranged as objects × kernels; with several loaders or environments, each object has a row for each
//! of them.

use super::paint::Tone;
use super::printable;
use crate::args::object::{ObjectFile, Source};
use domain::axis::Axes;
use domain::digest::Digest;
use domain::verdict::Verdict;
use proto::wire;
use std::collections::HashMap;

/// One run, ready to be laid out.
#[derive(Debug)]
pub(crate) struct Matrix<'a> {
    /// The run itself.
    pub(crate) run: &'a wire::Run,
    /// Objects as each loader loads them, in the order of the run.
    pub(crate) objects: Vec<Object<'a>>,
    /// Kernels, oldest first.
    pub(crate) kernels: Vec<Kernel<'a>>,
    /// Cells of known objects and kernels, by object and then by kernel.
    pub(crate) cells: Vec<Cell<'a>>,
    /// What was declared for the run, as JSON; empty for nothing.
    pub(crate) manifest: &'a [u8],
    sources: Vec<(Digest, &'a Source)>,
    places: HashMap<(usize, usize), usize>,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    /// Its name, with its loader and environment where the run has several; no two rows share one.
    pub(crate) label: String,
    /// Its name; no two objects of a run share one.
    pub(crate) name: String,
    /// What loads it; empty while no cell says so.
    pub(crate) loader: &'a str,
    /// What its loader works in, as far as that is not usual; see [`Axes::unusual`].
    pub(crate) environment: String,
    /// What the controller says of it.
    pub(crate) wire: &'a wire::Object,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Kernel<'a> {
    /// Series and flavour where that names one kernel of the run, else its release or id.
    pub(crate) label: String,
    /// Whether any of its cells was asked as one that decides.
    pub(crate) required: bool,
    /// What the controller says of it.
    pub(crate) wire: &'a wire::Kernel,
}

/// One cell and its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'a> {
    /// Index into the objects.
    pub(crate) object: usize,
    /// Index into the kernels.
    pub(crate) kernel: usize,
    /// What the controller says of it.
    pub(crate) wire: &'a wire::Cell,
}

/// Failures that are expected. Days are texts such as `2027-01-31`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Excused<'a> {
    /// How many cells fail so.
    pub(crate) cells: usize,
    /// The day after which the first of them decides again.
    pub(crate) first: &'a str,
    /// The day after which all of them do.
    pub(crate) last: &'a str,
}

impl<'a> Matrix<'a> {
    /// Arranges a run. A cell that names an object or kernel the run does not list is left out.
    pub(crate) fn new(response: &'a wire::GetRunResponse, run: &'a wire::Run) -> Self {
        let objects = objects(&response.objects, &loads(&response.cells));
        let rows: HashMap<Row<'_>, usize> =
            objects.iter().enumerate().map(|(at, object)| (object.row(), at)).collect();
        let columns: HashMap<&str, usize> =
            response.kernels.iter().enumerate().map(|(at, kernel)| (kernel.id.as_str(), at)).collect();
        let placed = |wire: &'a wire::Cell| {
            let (digest, loader) = (wire.object.as_slice(), wire.loader.as_str());
            let object = *rows.get(&(digest, loader, environment(wire).as_str()))?;
            let kernel = *columns.get(wire.kernel_id.as_str())?;
            Some(Cell { object, kernel, wire })
        };
        let mut cells: Vec<Cell<'a>> = response.cells.iter().filter_map(placed).collect();
        drop(rows);
        cells.sort_by_key(|cell| (cell.object, cell.kernel));
        let places = cells.iter().enumerate().map(|(at, cell)| ((cell.object, cell.kernel), at)).collect();
        let mut kernels = kernels(&response.kernels);
        for (at, kernel) in kernels.iter_mut().enumerate() {
            kernel.required = cells.iter().any(|cell| cell.kernel == at && cell.wire.required);
        }
        Self { run, objects, kernels, cells, manifest: &response.manifest, sources: Vec::new(), places }
    }

    /// Remembers where the objects came from.
    pub(crate) fn came_from(&mut self, objects: &'a [ObjectFile]) {
        let sources = objects.iter().filter_map(|object| Some((object.digest, object.source.as_ref()?)));
        self.sources = sources.collect();
    }

    /// Where an object came from, if it is no file of this machine.
    pub(crate) fn source(&self, object: &wire::Object) -> Option<&'a Source> {
        self.sources
            .iter()
            .find(|(digest, _)| digest.0.as_slice() == object.digest)
            .map(|(_, source)| *source)
    }

    /// The cell of an object on a kernel, if the run has it.
    pub(crate) fn at(&self, object: usize, kernel: usize) -> Option<Cell<'a>> {
        self.places.get(&(object, kernel)).map(|at| self.cells[*at])
    }

    /// The verdict of the run. A cell without a verdict was not answered, and an unanswered cell is
    /// inconclusive; so is one that the run counts and that is not here.
    pub(crate) fn verdict(&self) -> Verdict {
        let told = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
        let untold = (told < self.run.cells).then_some((Verdict::Inconclusive, false));
        let required = self.cells.iter().filter(|cell| cell.wire.required);
        Verdict::of_run(required.map(|cell| (cell.verdict(), cell.is_excused())).chain(untold))
    }

    /// The failures that are excused; `None` if none is.
    pub(crate) fn excused(&self) -> Option<Excused<'a>> {
        let days = self.cells.iter().filter_map(Cell::excused_until);
        Some(Excused { cells: days.clone().count(), first: days.clone().min()?, last: days.max()? })
    }

    /// On how many of the kernels that decide, or of those that do not, everything works, and how many there are.
    pub(crate) fn works(&self, required: bool) -> (usize, usize) {
        let of_kind = self.kernels.iter().enumerate().filter(|(_, kernel)| kernel.required == required);
        let works = of_kind.clone().filter(|(at, _)| {
            let mut cells = self.cells.iter().filter(|cell| cell.kernel == *at);
            cells.all(|cell| cell.wire.required != required || cell.verdict() == Verdict::Passes)
        });
        (works.count(), of_kind.count())
    }

    /// Whether any cell was answered from the store.
    pub(crate) fn has_cached(&self) -> bool {
        self.cells.iter().any(|cell| cell.wire.cached)
    }
}

/// What tells the rows of a run apart: the object's digest, the loader and its environment.
type Row<'a> = (&'a [u8], &'a str, &'a str);

impl Object<'_> {
    fn row(&self) -> Row<'_> {
        (&self.wire.digest, self.loader, &self.environment)
    }
}

impl<'a> Cell<'a> {
    /// Whether its failure is expected, so that it decides nothing.
    pub(crate) fn is_excused(&self) -> bool {
        self.excused_until().is_some()
    }

    /// The last day on which its failure is expected, if it is.
    pub(crate) fn excused_until(&self) -> Option<&'a str> {
        self.wire.verdict.as_ref().filter(|verdict| verdict.excused).map(|verdict| &*verdict.excused_until)
    }

    /// Whether it decides its run.
    pub(crate) fn decides(&self) -> bool {
        self.wire.required && !self.is_excused()
    }

    /// The verdict as the controller gave it, or `None` while there is none.
    pub(crate) fn given(&self) -> Option<Verdict> {
        self.wire.verdict.as_ref().and_then(|verdict| verdict.verdict().to_domain())
    }

    /// The verdict for a report: unanswered is inconclusive.
    pub(crate) fn verdict(&self) -> Verdict {
        self.given().unwrap_or(Verdict::Inconclusive)
    }

    /// What to show for it, and in which tone.
    pub(crate) fn shown(&self) -> (String, Tone) {
        if let Some(verdict) = self.given() {
            let expected = if self.is_excused() { " as expected" } else { "" };
            let cached = if self.wire.cached { " *" } else { "" };
            return (format!("{} {}{expected}{cached}", glyph(verdict), words(verdict)), tone(verdict));
        }
        match self.wire.state() {
            wire::CellState::Leased => match (self.wire.stage.as_str(), self.wire.percent) {
                (stage, 0) => (doing(stage), Tone::Busy),
                (stage, percent) => (format!("{} {percent} %", doing(stage)), Tone::Busy),
            },
            wire::CellState::Cancelled => ("cancelled".to_owned(), Tone::Dim),
            wire::CellState::Queued | wire::CellState::Settled | wire::CellState::Unspecified => {
                ("·".to_owned(), Tone::Dim)
            }
        }
    }
}

/// What a worker does at a stage. Stages are the worker's words and new ones may come.
fn doing(stage: &str) -> String {
    let word = match stage {
        "" => "starting",
        "boot" => "booting",
        "open" => "opening",
        "load" => "loading",
        "attach" => "attaching",
        other => return printable(other),
    };
    word.to_owned()
}

/// The sign of a verdict.
pub(crate) fn glyph(verdict: Verdict) -> char {
    match verdict {
        Verdict::Passes => '✓',
        Verdict::Fails => '✗',
        Verdict::NotAttempted => '–',
        Verdict::Inconclusive => '?',
    }
}

/// The verdict in words for people.
pub(crate) fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passes => "passes",
        Verdict::Fails => "fails",
        Verdict::NotAttempted => "not attempted",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// The tone of a verdict.
pub(crate) fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Passes => Tone::Good,
        Verdict::Fails => Tone::Bad,
        Verdict::NotAttempted | Verdict::Inconclusive => Tone::Unsure,
    }
}

/// A digest as text; bytes that are none (which no controller sends) show as they are.
pub(crate) fn hex(digest: &[u8]) -> String {
    Digest::try_from(digest).map_or_else(|_| ::hex::encode(digest), |digest| digest.to_string())
}

/// The environment of a cell. One that this program cannot read, of a newer controller, has a name of its own.
fn environment(cell: &wire::Cell) -> String {
    let axes = cell.axes.clone().unwrap_or_default();
    let told = format!("{axes:?}");
    Axes::try_from(axes).map_or_else(|_| printable(&told), |axes| axes.unusual())
}

/// A loader, and the environment it works in.
type Loads<'a> = (&'a str, String);

/// In what ways a run loads its objects: those of one environment follow each other, in the order it asks them;
/// a nameless one while no cell is told.
fn loads(cells: &[wire::Cell]) -> Vec<Loads<'_>> {
    let mut environments: Vec<String> = Vec::new();
    let mut loads: Vec<Loads<'_>> = Vec::new();
    for cell in cells {
        let one = (cell.loader.as_str(), environment(cell));
        if !environments.contains(&one.1) {
            environments.push(one.1.clone());
        }
        if !loads.contains(&one) {
            loads.push(one);
        }
    }
    loads.sort_by_key(|(_, own)| environments.iter().position(|one| one == own));
    if loads.is_empty() { vec![("", String::new())] } else { loads }
}

fn objects<'a>(wire: &'a [wire::Object], loads: &[Loads<'a>]) -> Vec<Object<'a>> {
    let labels = unique(wire.iter().map(|object| {
        let name = printable(&object.name);
        [format!("{name} ({})", &hex(&object.digest)[..object.digest.len().min(6) * 2]), name]
    }));
    let several =
        |differs: fn(&Loads<'a>, &Loads<'a>) -> bool| loads.iter().any(|one| differs(one, &loads[0]));
    let (loaders, environments) =
        (several(|one, first| one.0 != first.0), several(|one, first| one.1 != first.1));
    let row = |wire, name: &str, (loader, environment): &Loads<'a>| {
        let usual = if environment.is_empty() { "usual environment" } else { environment };
        let told = [(loaders, printable(loader)), (environments, usual.to_owned())];
        let told: Vec<String> = told.into_iter().filter(|(tells, _)| *tells).map(|(_, what)| what).collect();
        let label = if told.is_empty() { name.to_owned() } else { format!("{name} ({})", told.join(", ")) };
        Object { label, name: name.to_owned(), loader, environment: environment.clone(), wire }
    };
    let named = wire.iter().zip(labels);
    named.flat_map(|(wire, name)| loads.iter().map(move |one| row(wire, &name, one))).collect()
}

pub(super) fn kernels(wire: &[wire::Kernel]) -> Vec<Kernel<'_>> {
    let short = unique(wire.iter().map(|kernel| {
        let release = printable(&kernel.release);
        [release, printable(&format!("{} {}", kernel.series, kernel.flavour))]
    }));
    let labels = unique(wire.iter().zip(short).map(|(kernel, short)| [printable(&kernel.id), short]));
    wire.iter().zip(labels).map(|(wire, label)| Kernel { label, required: false, wire }).collect()
}

/// For each pair of a long and a short label the short one, where nobody else has the same.
fn unique(labels: impl Iterator<Item = [String; 2]>) -> Vec<String> {
    let labels: Vec<[String; 2]> = labels.collect();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for [_, short] in &labels {
        *seen.entry(short.clone()).or_default() += 1;
    }
    labels.into_iter().map(|[long, short]| if seen[&short] == 1 { short } else { long }).collect()
}
