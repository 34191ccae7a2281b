//! Shares of a whole, as documents give them.

/// A part of a whole in percent, with two digits, rounded down: all but one of a hundred thousand are not all. Of
/// nothing it is all.
pub fn percent(part: usize, whole: usize) -> String {
    let hundredths = (part * 10_000).checked_div(whole).unwrap_or(10_000);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}
