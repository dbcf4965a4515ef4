//! A build that resolves build requirements as builds of packages would find them.

use std::collections::{BTreeMap, BTreeSet};

use pymono_plan::{Recordings, Resolvable};
use pymono_workspace::{Unsent, literal_pattern};

use crate::{
    dockerfile::{COMPILE, Install, RECORDER_NAME, RECORDER_TEXT, recordings, uv_cache},
    ignore::ignore_file,
    instruction::Run,
    pins::{self, SOURCES, settings_name},
};

/// The name of the file with the pins that are taken where they still fit.
const PREFERRED: &str = "preferred.txt";

/// What resolves build requirements: a build whose result is a file for each, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// Its Dockerfile.
    pub dockerfile: String,
    /// What lies beside it as `Dockerfile.dockerignore`.
    pub ignore: String,
    /// Files of the [`PINS_CONTEXT`], by path.
    pub files: BTreeMap<String, String>,
    /// The stages that must run anew each time, since what an index has changes.
    pub stages: Vec<String>,
}

/// Returns what resolves these requirements; each is a stage, and the file of the result is its name.
///
/// `preferred` are pins that are kept where they fit: what is new shall not move what is not.
pub fn resolve(all: &[Resolvable], uv_image: &str, preferred: &BTreeSet<String>) -> Resolve {
    let mut dockerfile = format!("# check=skip=all\n\nFROM {uv_image} AS uv\n");
    let mut result = "\nFROM scratch\n".to_owned();
    let mut files = BTreeMap::new();
    let mut sent = BTreeSet::new();
    let mut stages = Vec::new();
    for (at, resolvable) in all.iter().enumerate() {
        let name = format!("resolve-{at}");
        let install = Install::of_backends(&resolvable.index, &resolvable.secrets);
        files.insert(format!("{name}.txt"), resolvable.key.requires.join("\n") + "\n");
        files.extend(install.settings().map(|text| (settings_name(&name), text)));
        sent.extend(install.folder());
        dockerfile += &stage(&name, resolvable, &install, uv_image);
        result += &format!("COPY --from={name} /out/ /\n");
        stages.push(name);
    }
    let preferred: String = preferred.iter().map(|pin| format!("{pin}\n")).collect();
    files.insert(PREFERRED.to_owned(), preferred);
    let sent = sent.into_iter().map(|folder| format!("!{}\n", literal_pattern(folder.as_str())));
    let ignore = format!("*\n{}", sent.collect::<String>());
    Resolve { dockerfile: dockerfile + &result, ignore, files, stages }
}

/// Returns what builds distributions and resolves what their builds had; the file of each is the name of its stage. Where
/// that cannot be told, there is a file with that name and `untold` for its extension.
pub fn record(all: &Recordings) -> Resolve {
    let Recordings { plan, stages, elsewhere: _ } = all;
    let mut dockerfile = format!("# check=skip=all\n{}\nFROM scratch\n", recordings(all));
    for name in stages.values() {
        dockerfile += &format!("COPY --from={name} /out/ /\n");
    }
    let mut files = pins::pins(plan);
    files.insert(RECORDER_NAME.to_owned(), RECORDER_TEXT.to_owned());
    let stages = stages.values().map(ToString::to_string).collect();
    Resolve { dockerfile, ignore: ignore_file(plan, &Unsent::default()), files, stages }
}

fn stage(name: &str, resolvable: &Resolvable, install: &Install<'_>, uv_image: &str) -> String {
    let Resolvable { key, base_image, .. } = resolvable;
    // What it writes into is what it prefers.
    let compile =
        format!("{COMPILE} --python-version {} --output-file /out/{name}.txt", key.python);
    let run = install.run(&compile, "/pins.txt");
    let command = format!("mkdir /out && cp /{PREFERRED} /out/{name}.txt && \\\n    {run}");
    let run = Run::new(command)
        .mount(uv_cache(uv_image))
        .mount(pins::mount(&format!("{name}.txt"), "/pins.txt"))
        .mount(pins::mount(PREFERRED, &format!("/{PREFERRED}")));
    let folder = install
        .folder()
        .map(|folder| format!("type=bind,source={folder},target={SOURCES}/{folder}"));
    let run = install.mounts(name).into_iter().chain(folder).fold(run, Run::mount);
    format!(
        "\nFROM {base_image} AS {name}\nCOPY --link --from=uv /uv /usr/local/bin/uv\n\
         ENV UV_PYTHON_DOWNLOADS=never\nARG TARGETARCH\n{run}"
    )
}
