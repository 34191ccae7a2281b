//! What each cause means and what usually helps, as `docs/EXPLAIN.md` says it: one text for people who read it
//! there and for every report.

use domain::cause::CauseCode;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What is said of one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What it means, in a sentence or two.
    pub means: String,
    /// What usually helps.
    pub change: String,
    /// A sentence of a report with this cause.
    pub example: String,
}

static EXPLANATIONS: LazyLock<HashMap<&'static str, Explanation>> =
    LazyLock::new(|| sections(include_str!("../../docs/EXPLAIN.md")).collect());

/// What is said of a cause.
pub fn of(code: CauseCode) -> &'static Explanation {
    EXPLANATIONS.get(code.name()).expect("a test reads the section of every cause")
}

/// `## NAME`, a paragraph, a paragraph that begins with `Change:`, and a quotation.
fn sections(page: &'static str) -> impl Iterator<Item = (&'static str, Explanation)> {
    page.split("\n## ").skip(1).filter_map(|section| {
        let mut paragraphs = section.split("\n\n").map(str::trim);
        let name = paragraphs.next()?;
        let means = joined(paragraphs.next()?);
        let change = joined(paragraphs.next()?.strip_prefix("Change: ")?);
        let example = paragraphs.next()?.strip_prefix("> ")?.to_owned();
        Some((name, Explanation { means, change, example }))
    })
}

fn joined(paragraph: &str) -> String {
    paragraph.lines().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_explained_in_the_order_of_its_declaration() {
        let page = sections(include_str!("../../docs/EXPLAIN.md")).map(|(name, _)| name);
        let codes: Vec<_> = CauseCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(page.collect::<Vec<_>>(), codes);
    }

    #[test]
    fn examples_are_what_was_said_of_recorded_evidence_where_there_is_some() {
        let recorded = include_str!("../../tests/corpus/evidence/cells/expected.txt");
        let lines: Vec<&str> = recorded.lines().collect();
        for code in CauseCode::ALL {
            let with_cause = lines
                .windows(2)
                .filter(|pair| pair[0].contains(&format!(": {code} ")) && pair[1].starts_with("   "));
            let said: Vec<&str> = with_cause.map(|pair| pair[1].trim()).collect();
            let example = of(*code).example.as_str();
            assert!(said.is_empty() || said.contains(&example), "{code}: {example}");
        }
    }
}
