//! What an image is made of, for people.

use pymono_fingerprint::Piece;
use serde_json::Value;

use super::{Since, Told};
use crate::commands::affected::{reason, short};

pub(super) fn text(told: &Told<'_>) -> String {
    let mut lines = vec![format!("{} {}", told.path, told.inputs.fingerprint())];
    let changed = |piece| told.since.as_ref().is_some_and(|since| since.changed.contains(piece));
    if told.inputs.is_rough() {
        lines.push("It cannot be planned: these are all things that it may be made of.".to_owned());
    }
    for (piece, value) in told.inputs.pieces() {
        let mark = if changed(piece) { '*' } else { ' ' };
        // A distribution has a line for each of its forms.
        lines.extend(value.lines().map(|value| format!("{mark} {piece}: {}", shown(piece, value))));
    }
    if let Some(since) = &told.since {
        lines.extend(of_since(told, since));
    }
    lines.join("\n")
}

/// Returns a value as people want to see it.
fn shown(piece: &Piece, value: &str) -> String {
    let read = serde_json::from_str::<Value>(value).ok().filter(Value::is_object);
    match (piece, read) {
        (Piece::Pin(_), Some(pin)) => {
            let text = |key: &str| pin[key].as_str().map(str::to_owned);
            let version = text("version").or_else(|| text("open"));
            let from = text("origin").map(|origin| format!(" from {origin}"));
            version.into_iter().chain(from).collect()
        }
        (Piece::Source(_) | Piece::Dependency { .. }, Some(_)) => {
            "what its build backend reads of it".to_owned()
        }
        (Piece::Backend(_), Some(built)) => {
            let requires = built["requires"].as_array().into_iter().flatten();
            let requires: Vec<&str> = requires.filter_map(Value::as_str).collect();
            format!("{} of {}", built["backend"].as_str().unwrap_or_default(), requires.join(", "))
        }
        _ => value.to_owned(),
    }
}

fn of_since(told: &Told<'_>, since: &Since<'_>) -> Vec<String> {
    let base = since.base.map_or("nothing", short);
    let mut lines = vec![String::new(), format!("Since {base}:")];
    let gone = since.changed.iter().filter(|piece| !told.inputs.pieces().contains_key(piece));
    lines.extend(since.reasons.iter().map(|it| format!("    {}", reason(it))));
    lines.extend(gone.map(|piece| format!("    {piece} is gone")));
    if since.reasons.is_empty() {
        lines.push("    nothing changed".to_owned());
    }
    if !since.layers.is_empty() {
        lines.extend([String::new(), "Layers, from the ground up:".to_owned()]);
        lines.extend(since.layers.iter().map(|layer| {
            let what = if layer.rebuilt { "made anew" } else { "as before" };
            format!("    {}: {what}", layer.name)
        }));
    }
    lines
}
