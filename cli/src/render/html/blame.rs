//! The causes: each once, with every kernel, program and map it was found at.

use super::class;
use crate::render::markup::escaped;
use crate::render::matrix::{Cell, Matrix, glyph, hex, words};
use crate::render::reason::{self, Part};
use crate::render::table;
use domain::verdict::Verdict;
use proto::wire;

/// Programs and maps of a cause that are named; the matrix has them all.
const PLACES_SHOWN: usize = 12;
/// Kernels whose evidence is named beside a cause; the list of all evidence has the others.
const DIGESTS_SHOWN: usize = 4;

/// One cause.
struct Blame<'a> {
    object: usize,
    part: Part<'a>,
    kernels: Vec<usize>,
    places: Vec<String>,
    evidence: Vec<(usize, &'a [u8])>,
}

/// All of them, in the order of objects and first appearance.
pub(super) struct Blames<'a> {
    all: Vec<Blame<'a>>,
}

impl<'a> Blames<'a> {
    /// Gathers them.
    pub(super) fn of(matrix: &Matrix<'a>) -> Self {
        let mut blames = Self { all: Vec::new() };
        for cell in &matrix.cells {
            for part in reason::parts(cell) {
                let number = blames.all.iter().position(|blame| blame.is_for(cell, &part));
                let number = number.unwrap_or_else(|| {
                    let (kernels, places, evidence) = Default::default();
                    blames.all.push(Blame { object: cell.object, part, kernels, places, evidence });
                    blames.all.len() - 1
                });
                blames.all[number].add(cell, &part);
            }
        }
        blames
    }

    /// The number of a cause that was found in a cell.
    pub(super) fn number(&self, cell: &Cell<'_>, part: &Part<'_>) -> Option<usize> {
        let exact = self.all.iter().position(|blame| blame.is_for(cell, part));
        exact.or_else(|| self.all.iter().position(|blame| blame.is_about(cell, part)))
    }
}

impl<'a> Blame<'a> {
    /// The same cause at the same line of source.
    fn is_for(&self, cell: &Cell<'_>, part: &Part<'_>) -> bool {
        fn line(cause: &wire::Cause) -> Option<(Option<&str>, Option<u32>)> {
            cause.location.as_ref().map(|place| (place.file.as_deref(), place.line))
        }
        self.is_about(cell, part)
            && self.part.verdict == part.verdict
            && line(self.part.cause) == line(part.cause)
    }

    fn is_about(&self, cell: &Cell<'_>, part: &Part<'_>) -> bool {
        self.object == cell.object && reason::is_same(self.part.cause, part.cause)
    }

    fn add(&mut self, cell: &Cell<'a>, part: &Part<'a>) {
        if !self.kernels.contains(&cell.kernel) {
            self.kernels.push(cell.kernel);
            let digest = cell.wire.verdict.as_ref().map(|verdict| verdict.evidence.as_slice());
            self.evidence
                .extend(digest.filter(|digest| !digest.is_empty()).map(|digest| (cell.kernel, digest)));
        }
        if let Some(place) = part.at.says().filter(|place| !self.places.contains(place)) {
            self.places.push(place);
        }
    }
}

/// The section; without any cause it says so.
pub(super) fn section(matrix: &Matrix<'_>, blames: &Blames<'_>) -> String {
    let mut html = "<section><h2 id=\"causes\">Causes</h2>\n".to_owned();
    if blames.all.is_empty() {
        html.push_str("<p>There are none.\n");
    }
    for (number, blame) in blames.all.iter().enumerate() {
        html.push_str(&article(matrix, number, blame));
    }
    html + "</section>\n"
}

fn article(matrix: &Matrix<'_>, number: usize, blame: &Blame<'_>) -> String {
    let Part { cause, verdict, .. } = blame.part;
    let mut html = format!(
        "<article id=\"c{number}\" class=\"{}\"><h3><span class=\"verdict\"><span aria-hidden=\"true\">{}</span> \
         {}</span> {} <span class=\"on\">on {}</span></h3>\n",
        class(verdict),
        glyph(verdict),
        words(verdict),
        escaped(&matrix.objects[blame.object].label),
        escaped(&table::kernels(matrix, &blame.kernels)),
    );
    let errno = reason::errno(cause).map(|errno| format!(", {errno}")).unwrap_or_default();
    let says = if cause.says.is_empty() { &cause.code } else { &cause.says };
    html.push_str(&format!("<p class=\"says\">{}\n<dl>\n", escaped(says)));
    let mut say = |name: &str, value: String| {
        if !value.is_empty() {
            html.push_str(&format!("<dt>{name}<dd>{value}\n"));
        }
    };
    say("Why", escaped(&cause.why));
    say("Where", cause.location.as_ref().map(place).unwrap_or_default());
    say("At", places(&blame.places));
    say("Way there", steps(&cause.path));
    say("Since", reason::since(cause).map(|since| escaped(&since)).unwrap_or_default());
    say("Remedy", cause.remedy.as_ref().map(remedy).unwrap_or_default());
    say("Log", code(&cause.log_line));
    let (kind, stage, sure) = (code(&cause.code), escaped(&cause.stage), escaped(&cause.confidence));
    say(
        "Cause",
        format!(
            "{kind}{} at {stage}{}",
            escaped(&errno),
            if sure.is_empty() { sure } else { format!(", {sure}") }
        ),
    );
    say("Evidence", digests(matrix, blame));
    html + "</dl></article>\n"
}

/// The line as an editor shows it, and the instruction that came of it.
fn place(place: &wire::Location) -> String {
    let mut html = String::new();
    if place.file.is_some() || place.source.is_some() {
        let line = place.line.map(|line| line.to_string()).unwrap_or_default();
        let file = place.file.as_deref().map(|file| format!("<figcaption>{}</figcaption>", escaped(file)));
        let source = escaped(place.source.as_deref().unwrap_or_default().trim());
        html.push_str(&format!(
            "<figure>{}<pre><b>{line}</b> {source}</pre></figure>",
            file.unwrap_or_default()
        ));
    }
    if let Some(instruction) = place.instruction {
        let text = code(place.disassembly.as_deref().unwrap_or_default());
        html.push_str(&format!("instruction {instruction} {text}"));
    }
    html
}

fn places(places: &[String]) -> String {
    let named: Vec<String> = places.iter().take(PLACES_SHOWN).map(|place| escaped(place)).collect();
    match places.len().saturating_sub(PLACES_SHOWN) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn steps(path: &[String]) -> String {
    if path.is_empty() {
        return String::new();
    }
    let steps: String = path.iter().map(|step| format!("<li>{}", code(step))).collect();
    format!("<ol>{steps}</ol>")
}

fn remedy(remedy: &wire::Remedy) -> String {
    let tried = remedy.tried.and_then(|_| remedy.tried().to_domain()).map(|verdict: Verdict| {
        let (class, glyph) = (class(verdict), glyph(verdict));
        let says = escaped(&reason::tried(remedy, verdict));
        format!(" <span class=\"tried {class}\"><span aria-hidden=\"true\">{glyph}</span> {says}</span>")
    });
    format!("{}{}", escaped(&remedy.says), tried.unwrap_or_default())
}

fn digests(matrix: &Matrix<'_>, blame: &Blame<'_>) -> String {
    if blame.evidence.len() > DIGESTS_SHOWN {
        return format!("<a href=\"#e{}\">of {} kernels</a>", blame.object, blame.evidence.len());
    }
    let digests = blame.evidence.iter().map(|(kernel, digest)| {
        let label = escaped(&matrix.kernels[*kernel].label);
        format!("<div>{label} <code class=\"hex\">{}</code></div>", hex(digest))
    });
    digests.collect()
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<code>{}</code>", escaped(text)) }
}

/// The digests of all evidence, folded away by object.
pub(super) fn evidence(matrix: &Matrix<'_>) -> String {
    let mut html =
        "<section><h2>Evidence</h2>\n<p>What was observed in each guest is stored under its SHA-256 \
                    and never changed.\n"
            .to_owned();
    for (at, object) in matrix.objects.iter().enumerate() {
        let cells = matrix.cells.iter().filter(|cell| cell.object == at);
        let rows = cells.filter_map(|cell| {
            let digest = &cell.wire.verdict.as_ref()?.evidence;
            let kernel = escaped(&matrix.kernels[cell.kernel].label);
            (!digest.is_empty()).then(|| format!("<li>{kernel} <code>{}</code>\n", hex(digest)))
        });
        let (rows, label) = (rows.collect::<String>(), escaped(&object.label));
        html.push_str(&format!(
            "<details id=\"e{at}\"><summary>{label}</summary><ul>\n{rows}</ul></details>\n"
        ));
    }
    html + "</section>\n"
}
