//! Bake files: targets and the builds that they are.

mod hcl;
mod json;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::{Build, RecipeError};

/// A bake file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bake {
    /// Its targets by name, with what they inherit.
    pub targets: BTreeMap<String, BakeTarget>,
}

/// A target of a bake file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BakeTarget {
    /// The build.
    pub build: Build,
    /// The names of the image, with tags.
    pub tags: Vec<String>,
}

/// A target as it is written.
#[derive(Clone, Debug, Default)]
struct Written {
    line: usize,
    inherits: Vec<String>,
    context: Option<String>,
    dockerfile: Option<String>,
    target: Option<String>,
    args: BTreeMap<String, String>,
    contexts: BTreeMap<String, String>,
    tags: Vec<String>,
}

impl Written {
    /// Reads a target by its keys: those of one text, of a list of texts, and of pairs of them.
    fn new(
        line: usize,
        one: &dyn Fn(&str) -> Option<String>,
        all: &dyn Fn(&str) -> Vec<String>,
        pairs: &dyn Fn(&str) -> BTreeMap<String, String>,
    ) -> Self {
        Self {
            line,
            inherits: all("inherits"),
            context: one("context"),
            dockerfile: one("dockerfile"),
            target: one("target"),
            args: pairs("args"),
            contexts: pairs("contexts"),
            tags: all("tags"),
        }
    }
}

impl Bake {
    /// Reads a `docker-bake.json`, by the [bake file reference].
    ///
    /// [bake file reference]: https://docs.docker.com/build/bake/reference/
    pub fn parse_json(text: &str) -> Result<Self, RecipeError> {
        Ok(resolved(&json::targets(text)?))
    }

    /// Reads a `docker-bake.hcl`.
    ///
    /// Variables have their defaults; a matrix is unrolled. What is computed
    /// in another way than by a template or a variable has no value.
    pub fn parse_hcl(text: &str) -> Result<Self, RecipeError> {
        Ok(resolved(&hcl::targets(text)?))
    }
}

/// Gives every target what it inherits. Later parents win, and a target itself over them.
fn resolved(written: &BTreeMap<String, Written>) -> Bake {
    let mut done = BTreeMap::new();
    for name in written.keys() {
        merge(written, name, &mut done);
    }
    let target = |(name, merged): (String, Written)| {
        let build = Build {
            context: merged.context.unwrap_or_else(|| ".".to_owned()),
            dockerfile: merged.dockerfile,
            target: merged.target,
            args: merged.args,
            contexts: merged.contexts,
            line: merged.line,
        };
        (name, BakeTarget { build, tags: merged.tags })
    };
    Bake { targets: done.into_iter().map(target).collect() }
}

fn merge(written: &BTreeMap<String, Written>, name: &str, done: &mut BTreeMap<String, Written>) {
    let Some(own) = written.get(name).filter(|_| !done.contains_key(name)) else { return };
    // Targets that inherit each other in a circle are an error of bake's; here they only end.
    done.insert(name.to_owned(), own.clone());
    let mut below = Written::default();
    for parent in &own.inherits {
        merge(written, parent, done);
        below = over(below, done.get(parent).cloned().unwrap_or_default());
    }
    done.insert(name.to_owned(), over(below, own.clone()));
}

fn over(below: Written, above: Written) -> Written {
    let mut args = below.args;
    args.extend(above.args);
    let mut contexts = below.contexts;
    contexts.extend(above.contexts);
    Written {
        line: above.line,
        inherits: above.inherits,
        context: above.context.or(below.context),
        dockerfile: above.dockerfile.or(below.dockerfile),
        target: above.target.or(below.target),
        args,
        contexts,
        tags: if above.tags.is_empty() { below.tags } else { above.tags },
    }
}
