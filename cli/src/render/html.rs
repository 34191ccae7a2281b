//! The report as one page: the matrix of programs × kernels, every cell a link to its cause, every cause with its
//! place, its remedy and the evidence behind it.
//!
//! The page stands alone: no asset of anywhere, no script, and a policy that forbids both. It is read as well by
//! a screen reader, with a keyboard and on a telephone: verdicts are words, which signs and colours only repeat.

mod blame;
mod matrix;

use super::contract::{self, Told};
use super::markup::escaped;
use super::matrix::{Excused, Matrix, glyph};
use super::{blind, counts, disagreement, modules, own_loader, reason, table};
use blame::Blames;
use domain::level::Level;
use domain::verdict::Verdict;

const STYLE: &str = include_str!("html/page.css");

/// The whole page, with what the verifier counted if `counted`.
pub(crate) fn page(matrix: &Matrix<'_>, counted: bool) -> String {
    let blames = Blames::of(matrix);
    let mut html = head(matrix);
    html.push_str("<main>\n");
    html.push_str(&matrix::section(matrix, &blames));
    html.push_str(&blame::section(matrix, &blames));
    html.push_str(&notes(matrix));
    html.push_str(&terms(matrix));
    if counted {
        html.push_str(&verifier(matrix));
    }
    html.push_str(&blame::evidence(matrix));
    html.push_str("</main>\n<footer><p>Asked of real kernels by bpfcompat ");
    html.push_str(concat!(env!("CARGO_PKG_VERSION"), ".</footer>\n"));
    html
}

/// The class of a verdict in the style.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passes => "p",
        Verdict::Fails => "f",
        Verdict::NotAttempted => "n",
        Verdict::Inconclusive => "i",
    }
}

fn head(matrix: &Matrix<'_>) -> String {
    let verdict = matrix.verdict();
    let answer = match (verdict, matrix.excused()) {
        (Verdict::Passes, None) => "Works on every required kernel",
        (Verdict::Passes, Some(_)) => "Works, but for failures that are expected",
        (Verdict::Fails, _) => "Does not work on every required kernel",
        (Verdict::NotAttempted | Verdict::Inconclusive, _) => "Could not tell",
    };
    let class = class(verdict);
    let title = match &*matrix.objects {
        [only] => escaped(&only.label),
        several => format!("{} objects", several.len()),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{answer}: {title} – bpfcompat</title>\n<style>\n{STYLE}</style>\n\
         <a class=\"skip\" href=\"#causes\">Skip to the causes</a>\n\
         <header class=\"{class}\"><p class=\"tool\">bpfcompat</p>\n\
         <h1><span aria-hidden=\"true\">{}</span> {answer}</h1>\n<p class=\"sum\">{}</p>\n{}</header>\n",
        glyph(verdict),
        sum(matrix),
        facts(matrix),
    )
}

/// `Passes on 1 of 2 required kernels, 0 of 1 optional.`
fn sum(matrix: &Matrix<'_>) -> String {
    let (works, all) = matrix.works(true);
    let mut text = format!("Passes on {works} of {all} required kernel{}", if all == 1 { "" } else { "s" });
    if let (works, all @ 1..) = matrix.works(false) {
        text.push_str(&format!(", on {works} of {all} optional"));
    }
    if let Some(Excused { cells, first, .. }) = matrix.excused() {
        let first = escaped(first);
        text.push_str(&format!("; {cells} expected to fail, the first of them until {first}"));
    }
    text + "."
}

/// What was asked, when and of which bytes.
fn facts(matrix: &Matrix<'_>) -> String {
    let run = matrix.run;
    let day = |at: Option<&prost_types::Timestamp>| super::list::when(at);
    let level = Level::from(run.level()).name();
    let cached = matrix.cells.iter().filter(|cell| cell.wire.cached).count();
    let mut facts = vec![
        ("Asked", escaped(&run.kernels)),
        ("Level", level.to_owned()),
        ("When", day(run.started_at.as_ref().or(run.created_at.as_ref()))),
        ("Run", format!("<code>{}</code>", escaped(&run.id))),
    ];
    if cached > 0 {
        facts.push(("From the store", format!("{cached} of {} answers", matrix.cells.len())));
    }
    let mut named: Vec<&str> = Vec::new();
    for object in &matrix.objects {
        if !named.contains(&&*object.name) {
            named.push(&object.name);
            let (name, digest) = (escaped(&object.name), super::matrix::hex(&object.wire.digest));
            facts.push(("Object", format!("{name} <code class=\"hex\">{digest}</code>")));
        }
    }
    let rows: String = facts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<dt>{name}<dd>{value}\n"))
        .collect();
    format!("<details><summary>What was asked</summary><dl>\n{rows}</dl></details>\n")
}

/// What is to be known beside the verdicts.
fn notes(matrix: &Matrix<'_>) -> String {
    let mut lines = disagreement::lines(matrix);
    lines.extend(reason::unproven(matrix));
    lines.extend(modules::loaded(matrix));
    lines.extend(blind::may_miss(matrix));
    lines.extend(own_loader::loaded(matrix));
    list("Beside the verdicts", &lines)
}

fn terms(matrix: &Matrix<'_>) -> String {
    let mut lines = Vec::new();
    for (at, object) in matrix.objects.iter().enumerate() {
        let (told, more) = contract::told(matrix, at);
        for Told { kind, says, kernels } in told {
            let on = table::kernels(matrix, &kernels);
            let on = if kernels.is_empty() { String::new() } else { format!(" (on {on})") };
            lines.push(format!("{}, {kind}: {says}{on}", object.label));
        }
        if more > 0 {
            lines.push(format!("{}: {more} more, which the JSON report has", object.label));
        }
    }
    list("What objects were exercised under", &lines)
}

fn list(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let items: String = lines.iter().map(|line| format!("<li>{}\n", escaped(line))).collect();
    format!("<section><h2>{title}</h2>\n<ul>\n{items}</ul></section>\n")
}

fn verifier(matrix: &Matrix<'_>) -> String {
    let heads: String = ["object", "program"]
        .iter()
        .chain(&counts::COLUMNS)
        .chain(&["kernels"])
        .map(|name| format!("<th scope=\"col\">{name}"))
        .collect();
    let rows = counts::rows(matrix).into_iter().map(|row| {
        let counts: String = row.counts.iter().map(|count| format!("<td>{}", escaped(count))).collect();
        let (object, program) = (escaped(&matrix.objects[row.object].label), escaped(row.program));
        let kernels = escaped(&table::kernels(matrix, &row.kernels));
        format!("<tr><th scope=\"row\">{object}<td>{program}{counts}<td>{kernels}\n")
    });
    format!(
        "<section><h2 id=\"counted\">What the verifier counted</h2>\n<div class=\"scroll\" role=\"region\" \
         tabindex=\"0\" aria-labelledby=\"counted\"><table class=\"plain\"><thead><tr>{heads}\n<tbody>\n{}\
         </table></div></section>\n",
        rows.collect::<String>()
    )
}

#[cfg(test)]
mod tests;
