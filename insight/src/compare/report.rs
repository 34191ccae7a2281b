//! A report (`bpfcompat.report/1`) as a comparison reads it: strictly, within limits, and no more of it than is
//! compared. Whoever wrote it is not trusted.

use domain::axis::Axes;
use domain::level::Level;
use domain::verdict::{Reached, STACK_BYTES_MAX, Verdict};
use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

/// The schema that is read.
pub const SCHEMA: &str = "bpfcompat.report/1";
/// Largest report, in bytes: 5,000 cells of a large object come to some 100 MB.
pub const REPORT_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Cells, objects, and parts of a kind in one cell: more than a run may have, and than evidence has records.
const ROWS_MAX: usize = 16_384;
/// Programs and checks of all cells: some forty in each of the 5,000 cells of the largest run.
const PARTS_MAX: usize = 200_000;
/// Longest piece of a wrong text that is told again, in characters.
const TOLD_CHARS_MAX: usize = 64;

/// Why a text is no report that can be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// More bytes than any report has.
    #[error("it has {0} bytes and a report at most {REPORT_BYTES_MAX}; compare parts of it")]
    TooLarge(usize),
    /// Not JSON, or not with the fields of a report.
    #[error("it is no report: {0}; pass what `bpfcompat test --json FILE` writes")]
    NotAReport(#[from] serde_json::Error),
    /// JSON of something else.
    #[error("its schema is `{0}` and `{SCHEMA}` is compared; pass what `bpfcompat test --json FILE` writes")]
    OtherSchema(String),
    /// More rows than are compared.
    #[error(
        "it tells of {0} programs and checks and at most {PARTS_MAX} are compared; compare fewer objects at a time"
    )]
    TooMany(usize),
    /// Two objects of one name, or two cells of one question.
    #[error("it has {0} twice; pass the report as it was written")]
    Twice(String),
    /// A cell of an object that is not listed.
    #[error("it has a cell of the object `{0}`, which it does not list; pass the report as it was written")]
    Unlisted(String),
}

/// An answer: the cells of a run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Report {
    /// The run.
    pub run: Run,
    /// Its objects, each name once.
    #[serde(deserialize_with = "rows")]
    pub objects: Vec<Object>,
    /// Its cells, each question once.
    #[serde(deserialize_with = "rows")]
    pub cells: Vec<Cell>,
}

/// The run a report is of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: String,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Its digest, in hexadecimal.
    pub sha256: String,
    /// Names of the programs in it.
    #[serde(deserialize_with = "rows")]
    pub programs: Vec<String>,
}

/// One object on one kernel, by one loader in one environment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Cell {
    /// Name of the object.
    pub object: String,
    /// The kernel.
    pub kernel: Kernel,
    /// The loader.
    pub loader: Loader,
    /// What it was to work in.
    #[serde(default)]
    pub axes: Option<Axes>,
    /// Whether it decides; an excused failure does not.
    pub required: bool,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why it is no pass.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// The guest that answered.
    pub guest: Option<Guest>,
    /// Its programs.
    #[serde(deserialize_with = "rows")]
    pub programs: Vec<Program>,
    /// Its checks.
    #[serde(default, deserialize_with = "rows")]
    pub checks: Vec<Check>,
    /// What was expected of it.
    pub contract: Contract,
}

/// A kernel build.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct Kernel {
    /// `distro/release@version`.
    pub id: String,
    /// Such as `6.12`.
    pub series: String,
    /// The distribution.
    pub distro: String,
    /// Such as `cloud`.
    pub flavour: String,
    /// Such as `amd64`.
    pub arch: String,
}

/// A loader.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Loader {
    /// Its name.
    pub name: String,
    /// Its version, where a guest told it.
    pub version: Option<String>,
}

/// The guest that answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Guest {
    /// `tcg` or `kvm`.
    pub accelerator: String,
}

/// What a cell's failure was expected to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Contract {
    /// It was expected.
    pub excused: bool,
}

/// One program of a cell.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Program {
    /// Its function.
    pub name: String,
    /// Whether it decides the cell.
    pub required: bool,
    /// The level asked for.
    #[serde(deserialize_with = "level")]
    pub asked: Level,
    /// How far it got.
    pub reached: Reached,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why it is no pass.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// What the kernel said of it once loaded.
    #[serde(default)]
    pub stats: Option<Stats>,
    /// What the verifier counted.
    #[serde(default)]
    pub verification: Option<Verification>,
}

/// What the kernel said of a loaded program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stats {
    /// Bytes after the kernel's rewriting.
    pub translated_bytes: u32,
    /// Bytes of machine code.
    pub jited_bytes: u32,
}

/// What the verifier counted of a program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Verification {
    /// Microseconds.
    pub took_us: Option<u32>,
    /// Instructions walked.
    pub processed: u32,
    /// Instructions this kernel walks at most.
    pub processed_max: u32,
    /// States kept.
    pub total_states: Option<u32>,
    /// States kept at the same time.
    pub peak_states: Option<u32>,
    /// Stack of each subprogram.
    #[serde(deserialize_with = "rows")]
    pub stack_bytes: Vec<u32>,
    /// Stack of the deepest chain of calls.
    pub deepest_stack_bytes: Option<u32>,
    /// What the kernel allows it.
    #[serde(default = "stack_bytes_max")]
    pub deepest_stack_bytes_max: u32,
    /// Memory at most.
    pub memory_peak_bytes: Option<u64>,
}

/// One check of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Whether it decides the cell.
    pub required: bool,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why it is no pass.
    #[serde(default)]
    pub cause: Option<Cause>,
}

/// Why something is no pass. Codes are texts: newer versions have more of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of reason.
    pub code: String,
    /// What it is about; may be empty.
    pub subject: String,
    /// What the kernel returned, by name.
    pub errno: Option<String>,
    /// One sentence for a person.
    pub says: String,
}

impl Cause {
    /// Whether it is the same reason; words may differ.
    pub fn is(&self, other: &Self) -> bool {
        (&self.code, &self.subject, &self.errno) == (&other.code, &other.subject, &other.errno)
    }
}

impl Report {
    /// Reads a report.
    ///
    /// # Errors
    /// The first thing that makes it none.
    pub fn read(json: &[u8]) -> Result<Self, ReportError> {
        if json.len() > REPORT_BYTES_MAX {
            return Err(ReportError::TooLarge(json.len()));
        }
        let Head { schema } = serde_json::from_slice(json)?;
        if schema != SCHEMA {
            return Err(ReportError::OtherSchema(schema.chars().take(TOLD_CHARS_MAX).collect()));
        }
        let report: Self = serde_json::from_slice(json)?;
        report.check()?;
        Ok(report)
    }

    fn check(&self) -> Result<(), ReportError> {
        let told = |text: &str| text.chars().take(TOLD_CHARS_MAX).collect::<String>();
        let parts = self.cells.iter().map(|cell| cell.programs.len() + cell.checks.len()).sum();
        if parts > PARTS_MAX {
            return Err(ReportError::TooMany(parts));
        }
        let mut names = HashSet::new();
        for object in &self.objects {
            if !names.insert(object.name.as_str()) {
                return Err(ReportError::Twice(format!("the object `{}`", told(&object.name))));
            }
        }
        let mut questions = HashSet::new();
        for cell in &self.cells {
            if !names.contains(cell.object.as_str()) {
                return Err(ReportError::Unlisted(told(&cell.object)));
            }
            let question = (cell.object.as_str(), cell.kernel.id.as_str(), cell.surroundings());
            if !questions.insert(question) {
                let (object, kernel) = (told(&cell.object), told(&cell.kernel.id));
                return Err(ReportError::Twice(format!("a cell of `{object}` on `{kernel}`")));
            }
        }
        Ok(())
    }
}

impl Cell {
    /// What loads the object, and in which environment.
    pub(super) fn surroundings(&self) -> (&str, Axes) {
        (&self.loader.name, self.axes.clone().unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

fn stack_bytes_max() -> u32 {
    STACK_BYTES_MAX
}

/// A level by its name in reports.
fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// A list of at most [`ROWS_MAX`], counted while it is read.
fn rows<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Rows<T>(PhantomData<T>);

    impl<'de, T: DeserializeOwned> Visitor<'de> for Rows<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {ROWS_MAX}")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut rows = Vec::new();
            while let Some(row) = list.next_element()? {
                if rows.len() == ROWS_MAX {
                    return Err(A::Error::invalid_length(ROWS_MAX + 1, &self));
                }
                rows.push(row);
            }
            Ok(rows)
        }
    }

    deserializer.deserialize_seq(Rows(PhantomData))
}
