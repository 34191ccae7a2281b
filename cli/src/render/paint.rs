//! Colour, or its absence.

use console::{Style, Term};

/// What a text means; colours follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    /// Works.
    Good,
    /// Does not work.
    Bad,
    /// Nobody knows.
    Unsure,
    /// Happening now.
    Busy,
    /// Less important than its surroundings.
    Dim,
    /// More important.
    Bold,
    /// As it is.
    #[default]
    Plain,
}

/// Paints, or leaves everything as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    enabled: bool,
}

impl Paint {
    /// No colour at all.
    pub(crate) const OFF: Self = Self { enabled: false };
    /// Colour wherever the text goes.
    #[cfg(test)]
    pub(crate) const ON: Self = Self { enabled: true };

    /// Colour when `term` is a terminal that can and nobody objects: `--no-color`, `NO_COLOR`
    /// (any value, see no-color.org) or `TERM=dumb`.
    pub(crate) fn for_term(term: &Term, no_color: bool) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { enabled: term.is_term() && !no_color && !set("NO_COLOR") && !dumb }
    }

    /// The text in its tone.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let style = Style::new().force_styling(self.enabled);
        let style = match tone {
            Tone::Good => style.green(),
            Tone::Bad => style.red(),
            Tone::Unsure => style.yellow(),
            Tone::Busy => style.cyan(),
            Tone::Dim => style.dim(),
            Tone::Bold => style.bold(),
            Tone::Plain => return text.to_owned(),
        };
        style.apply_to(text).to_string()
    }
}
