//! Configuration that an image does not get because its Dockerfile is built as it is.

use std::collections::BTreeMap;

use pymono_names::TreePath;

use crate::{Warning, config::Table};

/// Keys that say how an image is made, and so mean nothing for one that is made otherwise.
const OF_GENERATED: [&str; 20] = [
    "apk",
    "apt",
    "base-image",
    "build-apk",
    "build-apt",
    "build-steps",
    "cache",
    "command",
    "entrypoint",
    "env",
    "extras",
    "groups",
    "healthcheck",
    "include",
    "libc",
    "runtime-image",
    "test",
    "user",
    "version",
    "workdir",
];

/// Up to so many services are named.
const NAMED: usize = 3;

/// The keys that are not heeded, each table with the services that it does not reach.
#[derive(Debug, Default)]
pub(crate) struct Unheeded<'a> {
    tables: BTreeMap<(String, Vec<String>), Vec<&'a TreePath>>,
}

impl<'a> Unheeded<'a> {
    /// Notes a service whose Dockerfile is built as it is, with the tables that speak of it.
    pub(crate) fn add<'t>(
        &mut self,
        service: &'a TreePath,
        tables: impl IntoIterator<Item = &'t Table>,
    ) {
        for table in tables {
            let keys = table.keys().filter(|key| OF_GENERATED.contains(key));
            let keys: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
            if !keys.is_empty() {
                self.tables.entry((table.file().to_owned(), keys)).or_default().push(service);
            }
        }
    }

    /// Returns a warning for each table.
    pub(crate) fn warnings(self) -> impl Iterator<Item = Warning> {
        self.tables.into_iter().map(|((file, keys), services)| {
            let keys = keys.join(", ");
            let named: Vec<String> =
                services.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
            let more = match services.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            Warning::new(format!(
                "{keys} in `{file}` does not reach {}{more}: the Dockerfile is built as it is; `dockerfile = false` has the image generated",
                named.join(", ")
            ))
        })
    }
}
