//! YAML as a tree whose every part knows its place.
//!
//! In: text somebody wrote. Out: one document of maps, lists and scalars, or what is wrong with it.
//! Deliberately absent: anchors, aliases and tags (a few bytes of them can mean gigabytes), several
//! documents, keys that are no plain words, and any meaning.

use super::problem::Problem;
use domain::contract::Place;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Deepest nesting. The format itself needs five levels, a global of nested arrays some more.
const DEPTH_MAX: usize = 16;
/// Scalars, lists and maps in one file; more do not fit the bytes a manifest may have in practice.
const NODES_MAX: usize = 20_000;

/// A part of the document.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) data: Data,
}

/// What a part is.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// A word, a number or a text; `quoted` ones are texts whatever they look like.
    Scalar {
        text: String,
        quoted: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) text: String,
}

impl Node {
    /// Whether YAML means nothing by it.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(&self.data, Data::Scalar { text, quoted: false }
            if ["", "~", "null", "Null", "NULL"].contains(&text.as_str()))
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> String {
        match &self.data {
            Data::Scalar { text, .. } if text.is_empty() || self.is_nothing() => "nothing".to_owned(),
            Data::Scalar { text, .. } => format!("`{}`", super::problem::short(text)),
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a map".to_owned(),
        }
    }
}

/// Parses a text of one document.
pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    let mut reading =
        Reading { parser: Parser::new_from_str(text), nodes: 0, last: Place { line: 1, column: 1 } };
    loop {
        match reading.next()? {
            (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
            (Event::StreamEnd | Event::DocumentEnd, place) => {
                return Err(Problem::at(place, "the file is empty; begin with `version: 1`"));
            }
            (event, place) => {
                let root = reading.node(event, place, 0)?;
                reading.end()?;
                return Ok(root);
            }
        }
    }
}

struct Reading<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    nodes: usize,
    last: Place,
}

impl<'t> Reading<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Place), Problem> {
        match self.parser.next() {
            None => Err(Problem::at(self.last, "the file ends too early")),
            Some(Ok((event, span))) => {
                self.last = place(&span);
                Ok((event, self.last))
            }
            Some(Err(error)) => {
                let marker = error.marker();
                Err(Problem::at(position(marker.line(), marker.col()), format!("no YAML: {}", error.info())))
            }
        }
    }

    fn end(&mut self) -> Result<(), Problem> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, place) => {
                    return Err(Problem::at(place, "a second document begins here; the file is one"));
                }
            }
        }
    }

    fn node(&mut self, event: Event<'t>, place: Place, depth: usize) -> Result<Node, Problem> {
        self.nodes += 1;
        if depth > DEPTH_MAX {
            return Err(Problem::at(place, format!("nested more than {DEPTH_MAX} levels deep")));
        }
        if self.nodes > NODES_MAX {
            return Err(Problem::at(place, format!("more than {NODES_MAX} values")));
        }
        refuse_reuse(&event, place)?;
        let data = match event {
            Event::Scalar(text, style, ..) => {
                Data::Scalar { text: text.into_owned(), quoted: style != ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            _ => return Err(Problem::at(place, "a value is missing")),
        };
        Ok(Node { place, data })
    }

    fn list(&mut self, depth: usize) -> Result<Data, Problem> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Data::List(nodes)),
                (event, place) => nodes.push(self.node(event, place, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Data, Problem> {
        let mut entries = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Data::Map(entries)),
                (event, place) => match self.node(event, place, depth + 1)? {
                    Node { place, data: Data::Scalar { text, .. } } => Key { place, text },
                    Node { place, .. } => return Err(Problem::at(place, "a key must be a word")),
                },
            };
            let (event, place) = self.next()?;
            let value = self.node(event, place, depth + 1)?;
            entries.push((key, value));
        }
    }
}

/// Anchors, aliases and tags: what a reader would have to look up elsewhere.
fn refuse_reuse(event: &Event<'_>, place: Place) -> Result<(), Problem> {
    let (anchor, tagged) = match event {
        Event::Alias(_) => (true, false),
        Event::Scalar(_, _, anchor, tag) => (*anchor > 0, tag.is_some()),
        Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => (*anchor > 0, tag.is_some()),
        _ => (false, false),
    };
    if anchor {
        return Err(Problem::at(place, "anchors and aliases (`&x`, `*x`) are not accepted; write it out"));
    }
    if tagged {
        return Err(Problem::at(place, "tags (`!x`) are not accepted; leave it away"));
    }
    Ok(())
}

fn place(span: &Span) -> Place {
    position(span.start.line(), span.start.col())
}

/// The parser counts columns from 0.
fn position(line: usize, column: usize) -> Place {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Place { line: number(line), column: number(column.saturating_add(1)) }
}
