//! How lists are put into sentences.

/// A comment names at most so many things.
const MOST_NAMED: usize = 6;

/// Returns an image's reference without its digest: a newer image of the same tag can use the same caches.
pub(crate) fn without_digest(image: &str) -> &str {
    image.split('@').next().unwrap_or(image)
}

/// Returns `a`, `b` and 3 more.
pub(crate) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    let named = if items.len() > MOST_NAMED { MOST_NAMED - 1 } else { items.len() };
    let mut text = items[..named].join(", ");
    if named < items.len() {
        text += &format!(" and {} more", items.len() - named);
    }
    text
}

/// Returns `1 distribution` or `2 distributions`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Returns each name in backticks.
pub(crate) fn quoted<T: ToString>(
    names: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = String> {
    names.into_iter().map(|name| format!("`{}`", name.to_string()))
}
