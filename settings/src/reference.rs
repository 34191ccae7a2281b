//! The page about all keys of a program.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A table of every key: its variable, its default, and what its documentation says, under a heading.
///
/// # Panics
/// A key has no documentation: only a test calls this.
pub fn reference<T: JsonSchema + Default + Serialize>(heading: &str, prefix: &str) -> String {
    let schema =
        schemars::generate::SchemaSettings::default().with(|settings| settings.inline_subschemas = true);
    let schema = schema.into_generator().into_root_schema_for::<T>().to_value();
    let defaults = serde_json::to_value(T::default()).unwrap_or_default();
    let mut table = format!("## {heading}\n\n| key | variable | default | |\n|---|---|---|---|\n");
    rows("", prefix, &schema, &defaults, &mut table);
    table
}

fn rows(above: &str, prefix: &str, schema: &Value, defaults: &Value, table: &mut String) {
    let none = Map::new();
    for (key, about) in schema["properties"].as_object().unwrap_or(&none) {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        let default = &defaults[key];
        if about["properties"].is_object() {
            rows(&path, prefix, about, default, table);
            continue;
        }
        let says = about["description"].as_str().unwrap_or_default();
        assert!(!says.is_empty(), "`{path}` is not documented");
        let says = says.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        let variable = format!("{prefix}{}", path.to_uppercase().replace('.', super::LEVELS));
        table.push_str(&format!("| `{path}` | `{variable}` | {} | {says} |\n", shown(default)));
    }
}

/// A default as a file has it; nothing where it is unset.
fn shown(default: &Value) -> String {
    match default {
        Value::Null => String::new(),
        Value::String(text) if text.is_empty() => String::new(),
        Value::Array(list) if list.is_empty() => String::new(),
        Value::Object(map) if map.is_empty() => String::new(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}
