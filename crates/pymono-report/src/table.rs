//! The table at the end of a build.

use comfy_table::{CellAlignment, ColumnConstraint, Table, presets};
use pymono_event::ServiceReport;
use pymono_names::ServiceName;

use crate::text::{bytes, duration};

/// The columns, and whether they hold numbers.
const COLUMNS: [(&str, bool); 7] = [
    ("service", false),
    ("outcome", false),
    ("time", true),
    ("cached", true),
    ("run", true),
    ("size", true),
    ("image", false),
];

/// The place of the sizes among the columns.
const SIZE: usize = 5;

/// Columns of space before and after a cell.
pub(crate) const PADDING: (u16, u16) = (0, 2);

/// Returns one line a service, in the order given, without borders and without color.
///
/// Where no size is known, there is no column for it.
pub(crate) fn table(services: &[(ServiceName, ServiceReport)]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(COLUMNS.map(|(name, _)| name));
    for (service, report) in services {
        table.add_row(row(service, report));
    }
    for (index, (_, is_number)) in COLUMNS.iter().enumerate() {
        let alignment = if *is_number { CellAlignment::Right } else { CellAlignment::Left };
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(alignment);
            column.set_padding(PADDING);
            if index == SIZE && services.iter().all(|(_, report)| report.size.is_none()) {
                column.set_constraint(ColumnConstraint::Hidden);
            }
        }
    }
    table.trim_fmt()
}

fn row(service: &ServiceName, report: &ServiceReport) -> [String; COLUMNS.len()] {
    let none = || "-".to_owned();
    let ServiceReport {
        outcome,
        duration: time,
        steps_cached,
        steps_run,
        images,
        digest: _,
        size,
        failure: _,
    } = report;
    let size = size.map_or_else(none, bytes);
    let image = images.first().filter(|_| outcome.is_made());
    let time = if time.is_zero() { none() } else { duration(*time) };
    [
        service.to_string(),
        outcome.as_str().to_owned(),
        time,
        steps_cached.to_string(),
        steps_run.to_string(),
        size,
        image.cloned().unwrap_or_else(none),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pymono_event::Outcome;

    use super::*;

    #[test]
    fn sizes_have_a_column_where_one_is_known() {
        let report = |size| ServiceReport {
            outcome: Outcome::Built,
            duration: Duration::from_secs(1),
            steps_cached: 0,
            steps_run: 1,
            images: vec!["api:latest".into()],
            digest: None,
            size,
            failure: None,
        };
        let head = |sizes: &[Option<u64>]| {
            let services = sizes.iter().map(|size| ("api".parse().unwrap(), report(*size)));
            table(&services.collect::<Vec<_>>()).lines().next().unwrap_or_default().to_owned()
        };
        assert!(head(&[None, Some(7)]).ends_with("run  size  image"));
        assert!(head(&[None, None]).ends_with("run  image"));
    }
}
