//! `globals`: values of variables, and the bytes they become in an object.

use super::problem::nearest;
use super::read::{Reader, TEXT_BYTES_MAX, integer, is_number};
use super::yaml::{Data, Node};
use crate::object::{Global, Shape};
use domain::contract::{Contract, GLOBALS_BYTES_MAX, GlobalBytes, Value};
use std::collections::BTreeMap;

/// The key under which bytes are written.
const HEX: &str = "hex";

pub(super) fn read(reader: &mut Reader, node: &Node) -> BTreeMap<String, Value> {
    let named = reader.named(node, "globals");
    named.into_iter().filter_map(|(name, node)| Some((name.to_owned(), value(reader, node)?))).collect()
}

fn value(reader: &mut Reader, node: &Node) -> Option<Value> {
    match &node.data {
        Data::List(nodes) => {
            Some(Value::List(nodes.iter().map(|node| value(reader, node)).collect::<Option<_>>()?))
        }
        Data::Map(_) => hex(reader, node).map(Value::Bytes),
        Data::Scalar { text, quoted: false } if text == "true" || text == "false" => {
            Some(Value::Boolean(text == "true"))
        }
        Data::Scalar { text, quoted: false } if integer(text).is_some() => integer(text).map(Value::Integer),
        Data::Scalar { .. } if node.is_nothing() => {
            reader.wrong(node.place, "a value is missing");
            None
        }
        Data::Scalar { text, quoted: false } if is_number(text) => {
            let says = "a number is a whole one from -2^63 to 2^64 - 1; quote what is meant as a text";
            reader.wrong(node.place, says);
            None
        }
        Data::Scalar { text, .. } if text.len() <= TEXT_BYTES_MAX && !text.contains('\0') => {
            Some(Value::Text(text.clone()))
        }
        Data::Scalar { .. } => {
            let says =
                format!("a text has at most {TEXT_BYTES_MAX} bytes and no NUL; use `{HEX}` for others");
            reader.wrong(node.place, says);
            None
        }
    }
}

/// `{hex: "de ad be ef"}`.
pub(super) fn hex(reader: &mut Reader, node: &Node) -> Option<Vec<u8>> {
    let fields = reader.fields(node, &[HEX]);
    let Some(node) = fields.get(HEX) else {
        reader.wrong(node.place, format!("bytes are written as `{{{HEX}: \"de ad be ef\"}}`"));
        return None;
    };
    let Data::Scalar { text, .. } = &node.data else {
        reader.wrong(node.place, format!("`{HEX}` is a text of hexadecimal digits, not {}", node.kind()));
        return None;
    };
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()
        .unwrap_or_default();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        reader.wrong(node.place, format!("`{HEX}` is pairs of hexadecimal digits, such as \"de ad be ef\""));
        return None;
    }
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).expect("two digits are a byte");
    Some(digits.chunks(2).map(byte).collect())
}

/// The contract's globals as bytes of an object with these variables.
///
/// # Errors
/// By name, what the object lacks and what does not fit.
pub fn resolve(contract: &Contract, variables: &[Global]) -> Result<Vec<GlobalBytes>, Vec<(String, String)>> {
    let (mut resolved, mut wrong, mut total) = (Vec::new(), Vec::new(), 0);
    for (name, value) in &contract.globals {
        match one(name, value, variables) {
            Ok(global) => {
                total += global.bytes.len();
                resolved.push(global);
            }
            Err(says) => wrong.push((name.clone(), says)),
        }
        if total > GLOBALS_BYTES_MAX {
            let says =
                format!("the globals up to `{name}` have more than {GLOBALS_BYTES_MAX} bytes together");
            wrong.push((name.clone(), says));
            break;
        }
    }
    if wrong.is_empty() { Ok(resolved) } else { Err(wrong) }
}

fn one(name: &str, value: &Value, variables: &[Global]) -> Result<GlobalBytes, String> {
    let mut named = variables.iter().filter(|variable| variable.name == name);
    let Some(variable) = named.next() else {
        let nearest = nearest(name, variables.iter().map(|variable| variable.name.as_str()));
        return Err(format!("the object has no global variable `{name}`{nearest}"));
    };
    if named.next().is_some() {
        return Err(format!("the object has more than one variable `{name}`"));
    }
    // Before memory is taken for it.
    if variable.bytes as usize > GLOBALS_BYTES_MAX {
        return Err(format!(
            "`{name}` has {} bytes, and at most {GLOBALS_BYTES_MAX} are set",
            variable.bytes
        ));
    }
    let bytes = match (value, &variable.shape) {
        (Value::Bytes(bytes), _) if bytes.len() == variable.bytes as usize => bytes.clone(),
        (Value::Bytes(bytes), _) => {
            return Err(format!("`{name}` has {} bytes, not {}", variable.bytes, bytes.len()));
        }
        (_, None) => return Err(format!("the object does not tell the type of `{name}`; use `{HEX}`")),
        (_, Some(shape)) => encode(value, shape).map_err(|says| format!("`{name}` {says}"))?,
    };
    if bytes.len() != variable.bytes as usize {
        return Err(format!("the object contradicts itself about the size of `{name}`; use `{HEX}`"));
    }
    Ok(GlobalBytes {
        name: name.to_owned(),
        section: variable.section.clone(),
        offset: variable.offset,
        bytes,
    })
}

fn encode(value: &Value, shape: &Shape) -> Result<Vec<u8>, String> {
    match (shape, value) {
        (Shape::Boolean, Value::Boolean(truth)) => Ok(vec![u8::from(*truth)]),
        (Shape::Boolean, _) => Err("is true or false".to_owned()),
        (Shape::Integer { bytes, signed }, Value::Integer(number)) => whole(*number, *bytes, *signed),
        (Shape::Integer { .. }, _) => Err("is a whole number".to_owned()),
        (Shape::Array(element, count), Value::Text(text)) if width(element) == Some(1) => {
            if text.len() >= *count as usize {
                return Err(format!(
                    "holds texts of at most {} bytes and their NUL",
                    count.saturating_sub(1)
                ));
            }
            let mut bytes = text.clone().into_bytes();
            bytes.resize(*count as usize, 0);
            Ok(bytes)
        }
        (Shape::Array(element, count), Value::List(values)) => {
            let width = width(element).ok_or_else(|| format!("is an array of no numbers; use `{HEX}`"))?;
            if values.len() > *count as usize {
                return Err(format!("has {count} elements, not {}", values.len()));
            }
            let all = width.saturating_mul(*count as usize);
            if all > GLOBALS_BYTES_MAX {
                return Err(format!("has {all} bytes, and at most {GLOBALS_BYTES_MAX} are set"));
            }
            let mut bytes = Vec::new();
            for value in values {
                bytes.extend(encode(value, element)?);
            }
            bytes.resize(all, 0);
            Ok(bytes)
        }
        (Shape::Array(..), _) => Err("is an array; give a list, or a text for characters".to_owned()),
        (Shape::Opaque, _) => Err(format!("is no number and no array of numbers; use `{HEX}`")),
    }
}

/// Bytes of what a list can fill.
fn width(shape: &Shape) -> Option<usize> {
    match shape {
        Shape::Integer { bytes, .. } => Some(*bytes as usize),
        Shape::Boolean => Some(1),
        Shape::Array(element, count) => width(element)?.checked_mul(*count as usize),
        Shape::Opaque => None,
    }
}

fn whole(number: i128, bytes: u32, signed: bool) -> Result<Vec<u8>, String> {
    if bytes == 0 || bytes > 16 {
        return Err(format!("is a number of {bytes} bytes; use `{HEX}`"));
    }
    // Numbers of a manifest have 64 bits, so wider variables hold them all.
    let bits = (bytes * 8).min(64);
    let (least, most) = match signed {
        true => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
        false => (0, (1_i128 << bits) - 1),
    };
    if !(least..=most).contains(&number) {
        return Err(format!("is a number from {least} to {most}, not {number}"));
    }
    Ok(number.to_le_bytes()[..bytes as usize].to_vec())
}
