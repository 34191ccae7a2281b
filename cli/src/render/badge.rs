//! A small picture for a README: `eBPF | 3/4 kernels`, in the colour of the run's verdict.

use super::matrix::Matrix;
use domain::verdict::Verdict;

/// Columns of a character in the badge's font on average; `textLength` makes whatever font there is fit.
const CHARACTER_WIDTH: usize = 7;
/// Space left and right of a text.
const MARGIN: usize = 6;
/// What it is about.
const LABEL: &str = "eBPF";

/// The whole picture. A run that could not tell is grey, whatever worked until then.
pub(crate) fn picture(matrix: &Matrix<'_>) -> String {
    let (works, all) = matrix.works(true);
    let plural = if all == 1 { "" } else { "s" };
    let says = format!("{works}/{all} kernel{plural}");
    let (colour, verdict) = match (matrix.verdict(), matrix.excused()) {
        (Verdict::Passes, None) => ("#1a7f37", "works"),
        (Verdict::Passes, Some(_)) => ("#9a6700", "fails as expected"),
        (Verdict::Fails, _) => ("#cf222e", "does not work"),
        (Verdict::NotAttempted | Verdict::Inconclusive, _) => ("#57606a", "could not tell"),
    };
    let width = |text: &str| text.chars().count() * CHARACTER_WIDTH;
    let (left, right) = (width(LABEL) + 2 * MARGIN, width(&says) + 2 * MARGIN);
    let text = |text: &str, start: usize| {
        format!("<text x=\"{}\" y=\"14\" textLength=\"{}\">{text}</text>", start + MARGIN, width(text))
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"20\" role=\"img\" \
         aria-labelledby=\"t\">\n\
         <title id=\"t\">{LABEL}: {verdict}, passes on {works} of {all} kernel{plural}</title>\n\
         <clipPath id=\"r\"><rect width=\"{total}\" height=\"20\" rx=\"3\"/></clipPath>\n\
         <g clip-path=\"url(#r)\"><path fill=\"#24292f\" d=\"M0 0h{left}v20H0z\"/>\
         <path fill=\"{colour}\" d=\"M{left} 0h{right}v20H{left}z\"/></g>\n\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" font-size=\"11\">{}{}</g>\n</svg>\n",
        text(LABEL, 0),
        text(&says, left),
        total = left + right,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use proto::wire;

    /// Its colour and its title.
    fn of(response: &wire::GetRunResponse) -> (String, String) {
        let picture = picture(&sample::matrix(response));
        let parsed = roxmltree::Document::parse(&picture).expect("well-formed");
        let of_tag = |tag| parsed.descendants().filter(move |node| node.has_tag_name(tag));
        let fill = of_tag("path").next_back().and_then(|node| node.attribute("fill")).expect("a fill");
        let title = of_tag("title").next().and_then(|node| node.text()).expect("a title");
        (fill.to_owned(), title.to_owned())
    }

    #[test]
    fn the_colour_is_that_of_the_verdict_and_the_title_says_it() {
        let mut response = sample::response();
        let (colour, title) = of(&response);
        assert_eq!((&*colour, &*title), ("#cf222e", "eBPF: does not work, passes on 1 of 2 kernels"));
        response.cells[0].verdict = response.cells[1].verdict.clone();
        let (colour, title) = of(&response);
        assert_eq!((&*colour, &*title), ("#1a7f37", "eBPF: works, passes on 2 of 2 kernels"));
        assert_eq!(of(&sample::all_excused()).0, "#9a6700");
    }

    #[test]
    fn a_run_that_could_not_tell_is_grey() {
        let mut response = sample::response();
        response.cells[0].verdict = response.cells[2].verdict.clone();
        assert_eq!(of(&response).0, "#57606a");
        assert_eq!(of(&wire::GetRunResponse { run: response.run, ..Default::default() }).0, "#57606a");
    }
}
