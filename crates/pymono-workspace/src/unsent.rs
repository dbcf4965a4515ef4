//! What of the tree must not be sent to a build.

use pymono_names::TreePath;

/// Which files below the sent folders stay behind, in the words of an ignore file.
///
/// It is derived from the tree's own `.gitignore` files, so it is the same on
/// every machine, whatever lies about untracked there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsent {
    /// Patterns in `.dockerignore` syntax, relative to the root of the tree, none with `!`.
    pub patterns: Vec<String>,
    /// Files of the tree that a pattern would drop although git tracks them.
    pub kept: Vec<TreePath>,
}

/// Returns a path as a `.dockerignore` pattern that matches it alone.
pub fn literal_pattern(path: &str) -> String {
    let escaped = |c: char| match c {
        '*' | '?' | '[' | ']' | '\\' | '^' => format!("\\{c}"),
        // The list of patterns travels in a header, which takes no control characters.
        c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
        // White space at the end of a line is cut, even after a backslash.
        c if c.is_whitespace() => format!("[{c}]"),
        c => c.to_string(),
    };
    let pattern: String = path.chars().map(escaped).collect();
    // A line's first character decides what the line is.
    if pattern.starts_with(['!', '#']) { format!("\\{pattern}") } else { pattern }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_path_has_a_meaning_of_its_own() {
        assert_eq!(literal_pattern("a/b-c.d"), "a/b-c.d");
        assert_eq!(literal_pattern("a[1]* x "), "a\\[1\\]\\*[ ]x[ ]");
        assert_eq!(literal_pattern("x\t\n"), "x\\x09\\x0a");
        assert_eq!(literal_pattern("#!"), "\\#!");
    }
}
