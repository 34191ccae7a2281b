//! Reading values out of the tree, collecting every problem on the way.

use super::problem::{Problem, nearest, short};
use super::yaml::{Data, Key, Node};
use domain::contract::Place;
use std::collections::BTreeMap;

/// Longest name of a program, map, variable, group or key, in bytes: as in objects.
pub(crate) const NAME_BYTES_MAX: usize = crate::object::NAME_BYTES_MAX;
/// Longest sentence somebody may write, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 1024;

/// Collects problems and places.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<Problem>,
    pub(crate) places: BTreeMap<String, Place>,
}

/// The fields of a map, by key.
pub(crate) type Fields<'n> = BTreeMap<&'static str, &'n Node>;

impl Reader {
    pub(crate) fn wrong(&mut self, place: Place, says: impl Into<String>) {
        self.problems.push(Problem::at(place, says));
    }

    /// The entries of a map whose keys are names; each name once, and its place remembered as `path.name`.
    pub(crate) fn named<'n>(&mut self, node: &'n Node, path: &str) -> Vec<(&'n str, &'n Node)> {
        let mut entries = Vec::new();
        for (key, value) in self.entries(node, &format!("`{path}` holds names, each with what is set")) {
            if self.name(&key.text, key.place) {
                self.places.insert(format!("{path}.{}", key.text), key.place);
                entries.push((key.text.as_str(), value));
            }
        }
        entries
    }

    /// The fields of a map whose keys are words of the format.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, known: &[&'static str]) -> Fields<'n> {
        let mut fields = Fields::new();
        for (key, value) in self.entries(node, &format!("this is a map of {}", known.join(", "))) {
            match known.iter().find(|word| **word == key.text) {
                Some(word) => {
                    fields.insert(word, value);
                }
                None => {
                    let nearest = match nearest(&key.text, known.iter().copied()) {
                        none if none.is_empty() => format!("; known here: {}", known.join(", ")),
                        nearest => nearest,
                    };
                    self.wrong(key.place, format!("unknown key `{}`{nearest}", short(&key.text)));
                }
            }
        }
        fields
    }

    fn entries<'n>(&mut self, node: &'n Node, expected: &str) -> Vec<(&'n Key, &'n Node)> {
        let Data::Map(entries) = &node.data else {
            self.wrong(node.place, format!("{}, not {}", expected, node.kind()));
            return Vec::new();
        };
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        let mut once = Vec::new();
        for (key, value) in entries {
            match seen.insert(&key.text, key.place) {
                None => once.push((key, value)),
                Some(first) => {
                    self.wrong(key.place, format!("`{}` stands at {first} already", short(&key.text)));
                }
            }
        }
        once
    }

    pub(crate) fn list<'n>(&mut self, node: &'n Node, of: &str) -> &'n [Node] {
        match &node.data {
            Data::List(nodes) => nodes,
            _ => {
                self.wrong(node.place, format!("this is a list of {of}, not {}", node.kind()));
                &[]
            }
        }
    }

    /// A text of at most `TEXT_BYTES_MAX` bytes without control characters.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.data {
            Data::Scalar { text, .. } if text.is_empty() || node.is_nothing() => {
                self.wrong(node.place, format!("{what} is missing"))
            }
            Data::Scalar { text, .. } if text.len() > TEXT_BYTES_MAX => {
                self.wrong(node.place, format!("{what} has at most {TEXT_BYTES_MAX} bytes"));
            }
            Data::Scalar { text, .. } if text.contains(char::is_control) => {
                self.wrong(node.place, format!("{what} holds control characters"));
            }
            Data::Scalar { text, .. } => return Some(text.clone()),
            Data::List(_) | Data::Map(_) => {
                self.wrong(node.place, format!("{what} is a text, not {}", node.kind()));
            }
        }
        None
    }

    /// A name, whose place is remembered under `path`.
    pub(crate) fn named_text(&mut self, node: &Node, what: &str, path: String) -> Option<String> {
        let name = self.text(node, what)?;
        self.places.insert(path, node.place);
        self.name(&name, node.place).then_some(name)
    }

    fn name(&mut self, name: &str, place: Place) -> bool {
        let fits = !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.contains(char::is_control);
        if !fits {
            self.wrong(place, format!("a name has 1 to {NAME_BYTES_MAX} bytes and no control characters"));
        }
        fits
    }

    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.data {
            Data::Scalar { text, quoted: false } if text == "true" => Some(true),
            Data::Scalar { text, quoted: false } if text == "false" => Some(false),
            _ => {
                self.wrong(node.place, format!("`{what}` is true or false, not {}", node.kind()));
                None
            }
        }
    }

    pub(crate) fn number(&mut self, node: &Node, what: &str, least: u32) -> Option<u32> {
        let number = match &node.data {
            Data::Scalar { text, quoted: false } => {
                integer(text).and_then(|number| u32::try_from(number).ok())
            }
            _ => None,
        };
        let number = number.filter(|number| *number >= least);
        if number.is_none() {
            let says = format!("`{what}` is a number from {least} to {}, not {}", u32::MAX, node.kind());
            self.wrong(node.place, says);
        }
        number
    }

    /// One of the known words.
    pub(crate) fn one_of(&mut self, node: &Node, what: &str, known: &[&str]) -> Option<String> {
        let word = self.text(node, what)?;
        if known.contains(&word.as_str()) {
            return Some(word);
        }
        let nearest = nearest(&word, known.iter().copied());
        self.wrong(node.place, format!("`{}` is no {what}{nearest}", short(&word)));
        None
    }
}

/// Whether YAML means a number by it. Texts that look like one are quoted.
pub(crate) fn is_number(text: &str) -> bool {
    integer(text).is_some()
        || text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && text.parse::<f64>().is_ok()
}

/// A whole number as YAML 1.2 writes it: decimal, `0x` or `0o`, from -2^63 to 2^64 - 1.
pub(crate) fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (radix, digits) = match (digits.strip_prefix("0x"), digits.strip_prefix("0o")) {
        (Some(digits), _) => (16, digits),
        (None, Some(digits)) => (8, digits),
        (None, None) => (10, digits),
    };
    let starts_well = digits.starts_with(|c: char| c.is_ascii_hexdigit());
    let number = starts_well.then(|| i128::from_str_radix(digits, radix).ok())??;
    let number = if negative { -number } else { number };
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&number).then_some(number)
}
