//! The files in an input.

use std::collections::BTreeMap;

/// The files of one input by name; the lock's is empty.
pub(crate) struct Files<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Files<'a> {
    pub(crate) fn of(input: &'a str) -> Self {
        let mut files = BTreeMap::new();
        let (mut name, mut start, mut at) = ("", 0, 0);
        for line in input.split_inclusive('\n') {
            if let Some(next) = line.strip_prefix("=== ") {
                files.insert(name, &input[start..at]);
                (name, start) = (next.trim(), at + line.len());
            }
            at += line.len();
        }
        files.insert(name, &input[start..]);
        Self(files)
    }

    /// Returns the lock.
    pub(crate) fn lock(&self) -> &'a str {
        self.get("").unwrap_or_default()
    }

    /// Returns the names, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_starts_the_next_file() {
        let files = Files::of("-r b.txt\n=== b.txt\nb==1\n=== c.txt\n");
        assert_eq!(files.lock(), "-r b.txt\n");
        assert_eq!(
            [files.get("b.txt"), files.get("c.txt"), files.get("d")],
            [Some("b==1\n"), Some(""), None]
        );
    }
}
