//! Changes of TOML files that leave all else as it is.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike};

use super::Entry;

/// Returns whether a file has a table.
pub(super) fn has_table(text: &str, table: &[&str]) -> bool {
    let Ok(document) = text.parse::<DocumentMut>() else { return false };
    find(document.as_item(), table).is_some()
}

/// Returns the keys of a table; none if there is no such table.
pub(super) fn keys(text: &str, table: &[&str]) -> Vec<String> {
    let Ok(document) = text.parse::<DocumentMut>() else { return Vec::new() };
    let found = find(document.as_item(), table).and_then(Item::as_table_like);
    found.into_iter().flat_map(|table| table.iter().map(|(key, _)| key.to_owned())).collect()
}

fn find<'a>(item: &'a Item, table: &[&str]) -> Option<&'a Item> {
    table.iter().try_fold(item, |item, key| item.get(key)).filter(|item| item.is_table_like())
}

/// Returns a file with further entries in a table, which is added at its end where it is not there.
///
/// Nothing where no table can be there.
pub(super) fn with(text: &str, table: &[&str], entries: Vec<Entry>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let is_empty = document.is_empty();
    let inner = table.iter().try_fold(document.as_item_mut(), |item, key| item.get_mut(key));
    // In a file of comments alone, those would come after what is new.
    let only_comments = table.is_empty() && is_empty;
    let after = match inner {
        Some(item) if item.is_table_like() && !only_comments => {
            insert(item, entries)?;
            document.to_string()
        }
        _ => appended(text, table, entries),
    };
    // Where `tool` is no table that can be gone on with, this would be no TOML any more.
    after.parse::<DocumentMut>().ok()?;
    let unix = after.replace("\r\n", "\n");
    Some(if text.contains("\r\n") { unix.replace('\n', "\r\n") } else { unix })
}

fn insert(item: &mut Item, entries: Vec<Entry>) -> Option<()> {
    match item {
        Item::Value(toml_edit::Value::InlineTable(table)) => {
            for entry in entries {
                insert_inline(table, entry);
            }
        }
        item => add(item.as_table_like_mut()?, entries),
    }
    Some(())
}

fn add(table: &mut dyn TableLike, entries: Vec<Entry>) {
    for Entry { key, value, comment } in entries {
        table.insert(key, Item::Value(value));
        if let Some(mut key) = table.key_mut(key).filter(|_| !comment.is_empty()) {
            let lines: String = comment.iter().map(|line| format!("# {line}\n")).collect();
            key.leaf_decor_mut().set_prefix(lines);
        }
    }
}

/// Adds an entry to a table on one line, in which no comment can be.
fn insert_inline(table: &mut InlineTable, Entry { key, value, comment: _ }: Entry) {
    let last = table.iter_mut().last().map(|(_, last)| last);
    let end = last.and_then(|last| {
        let end = last.decor().suffix().cloned();
        last.decor_mut().set_suffix("");
        end
    });
    table.insert(key, value);
    if let (Some(end), Some(value)) = (end, table.get_mut(key)) {
        value.decor_mut().set_suffix(end);
    }
}

/// Returns a file with a new table at its end.
fn appended(text: &str, table: &[&str], entries: Vec<Entry>) -> String {
    let mut made = Table::new();
    add(&mut made, entries);
    let mut document = DocumentMut::new();
    match table {
        [] => *document.as_table_mut() = made,
        [above @ .., last] => {
            let mut inner = document.as_table_mut();
            for key in above {
                let mut implicit = Table::new();
                implicit.set_implicit(true);
                let next = inner.entry(key).or_insert(Item::Table(implicit));
                // It was made just now, as a table.
                let Some(next) = next.as_table_mut() else { return text.to_owned() };
                inner = next;
            }
            inner.insert(last, Item::Table(made));
        }
    }
    let apart = match text {
        "" => "",
        _ if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{text}{apart}{document}")
}
