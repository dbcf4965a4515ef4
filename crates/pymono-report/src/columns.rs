//! Tables of text.

use comfy_table::{Table, presets};

use crate::table::PADDING;

/// Returns a table without borders: a header, then one line a row, in the order given.
pub fn columns<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding(PADDING);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_column_start_at_the_same_place() {
        let rows =
            [["api", "services/api"], ["a-longer-name", "x"]].map(|row| row.map(str::to_owned));
        let table = columns(["name", "path"], rows);
        let starts: Vec<_> = table
            .lines()
            .zip(["path", "services/api", "x"])
            .map(|(line, cell)| line.rfind(cell))
            .collect();
        assert_eq!(starts, [starts[0]; 3], "{table}");
    }
}
