//! JUnit XML of a suite: a suite for each case, a test case for each of its cells, as build servers read it.
//!
//! What decides against the gate is a `failure`, what leaves it open an `error`. What is known, accepted or
//! optional and does not pass is `skipped`, because it must not decide. A case without a run is one `error`.

use super::{Told, ToldCase};
use crate::render::markup::escaped;
use crate::render::matrix::words;
use crate::render::reason::headline;
use insight::suite::gate::Standing;

/// The whole document.
pub(crate) fn report(told: &Told<'_>) -> String {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let cases: String = told.cases.iter().map(suite).collect();
    format!("{head}<testsuites name=\"{}\">\n{cases}</testsuites>\n", escaped(&told.suite.name))
}

fn element(standing: &Standing) -> Option<&'static str> {
    match standing {
        Standing::Passes | Standing::AsExpected => None,
        Standing::Excused(_) | Standing::Known | Standing::Optional => Some("skipped"),
        Standing::Wrong(_) => Some("failure"),
        Standing::Unknown => Some("error"),
    }
}

fn suite(case: &ToldCase<'_>) -> String {
    let name = escaped(&case.case.name);
    let Ok(matrix) = &case.run else {
        let says = case.run.as_ref().err().copied().unwrap_or_default();
        return format!(
            "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    \
             <testcase classname=\"{name}\" name=\"run\" time=\"0.000\">\n      \
             <error message=\"there is no answer\">{}</error>\n    </testcase>\n  </testsuite>\n",
            escaped(says)
        );
    };
    let count = |kind| case.standings.iter().filter(|standing| element(standing) == Some(kind)).count();
    let (failures, skipped) = (count("failure"), count("skipped"));
    let untold = usize::from(!case.whole);
    let mut text = format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\" errors=\"{}\" skipped=\"{skipped}\">\n",
        matrix.cells.len() + untold,
        count("error") + untold,
    );
    if !case.whole {
        text.push_str(&format!(
            "    <testcase classname=\"{name}\" name=\"run\" time=\"0.000\">\n      \
             <error message=\"not every answer came\"></error>\n    </testcase>\n"
        ));
    }
    for (cell, standing) in matrix.cells.iter().zip(&case.standings) {
        let verdict = cell.wire.verdict.as_ref();
        let guest = verdict.and_then(|verdict| verdict.guest.as_ref());
        let took_ms = guest.map_or(0, |guest| guest.boot_ms.saturating_add(guest.answer_ms));
        let place =
            format!("{} on {}", matrix.objects[cell.object].label, matrix.kernels[cell.kernel].wire.id);
        text.push_str(&format!(
            "    <testcase classname=\"{name}\" name=\"{}\" time=\"{}.{:03}\"",
            escaped(&place),
            took_ms / 1_000,
            took_ms % 1_000
        ));
        let Some(element) = element(standing) else {
            text.push_str("/>\n");
            continue;
        };
        let cause = verdict.and_then(|verdict| verdict.cause.as_ref());
        let mut message = cause.map_or(words(cell.verdict()).to_owned(), headline);
        if let Standing::Wrong(says) = standing
            && !says.is_empty()
        {
            message = format!("{message}: {says}");
        }
        let says = cause.map(|cause| cause.says.as_str()).unwrap_or_default();
        text.push_str(&format!(
            ">\n      <{element} message=\"{}\">{}</{element}>\n    </testcase>\n",
            escaped(&message),
            escaped(says)
        ));
    }
    text + "  </testsuite>\n"
}
