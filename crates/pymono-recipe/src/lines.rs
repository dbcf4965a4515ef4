//! Lines of a text by byte offsets.

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { starts: after.map(|(at, _)| at + 1).collect() }
    }

    /// Returns the line of a byte offset, counted from one.
    pub(crate) fn at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_after_a_line_break_is_on_the_next_line() {
        let lines = Lines::of("ab\n\ncd");
        assert_eq!([0, 2, 3, 4, 5, 99].map(|at| lines.at(at)), [1, 1, 2, 3, 3, 3]);
    }
}
