//! What somebody does to a repository.

use fastrand::Rng;

use crate::model::{File, Model, is_service};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Edit {
    Source,
    NewFile,
    LostFile,
    Mode,
    Readme,
    Test,
    Outside,
    Group,
    Tool,
    Bump,
    Requirement,
    Edge,
    Apt,
    Variable,
    Comment,
    NewLibrary,
    NewService,
    LostService,
    Pointer,
}

const ALL: [Edit; 19] = [
    Edit::Source,
    Edit::NewFile,
    Edit::LostFile,
    Edit::Mode,
    Edit::Readme,
    Edit::Test,
    Edit::Outside,
    Edit::Group,
    Edit::Tool,
    Edit::Bump,
    Edit::Requirement,
    Edit::Edge,
    Edit::Apt,
    Edit::Variable,
    Edit::Comment,
    Edit::NewLibrary,
    Edit::NewService,
    Edit::LostService,
    Edit::Pointer,
];

impl Edit {
    pub(crate) fn random(random: &mut Rng) -> Self {
        ALL[random.usize(..ALL.len())]
    }

    /// Returns whether nobody may be affected by it whose image is the same.
    pub(crate) fn promises(self) -> bool {
        // A file in a project's folder counts, whether or not its backend takes it.
        !matches!(self, Self::Readme | Self::Test)
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Source => "a line in a module",
            Self::NewFile => "a new module",
            Self::LostFile => "a removed module",
            Self::Mode => "a mode",
            Self::Readme => "a README in a project",
            Self::Test => "a test in a project",
            Self::Outside => "a file outside of projects",
            Self::Group => "a group for development",
            Self::Tool => "another tool's table",
            Self::Bump => "a bump in the lock",
            Self::Requirement => "a requirement",
            Self::Edge => "a local dependency",
            Self::Apt => "a Debian package",
            Self::Variable => "a setting for all",
            Self::Comment => "a comment in the lock",
            Self::NewLibrary => "a new member that nobody needs",
            Self::NewService => "a new service",
            Self::LostService => "a removed service",
            Self::Pointer => "a file of LFS",
        }
    }

    pub(crate) fn make(self, model: &mut Model, random: &mut Rng) {
        let number = random.u32(..);
        let paths: Vec<String> = model.projects.keys().cloned().collect();
        let path = paths[random.usize(..paths.len())].clone();
        let name = path.rsplit('/').next().unwrap().to_owned();
        let distributions: Vec<String> = model.index.keys().cloned().collect();
        let distribution = distributions[random.usize(..distributions.len())].clone();
        let project = model.projects.get_mut(&path).unwrap();
        let file = |file: &str| format!("src/{name}/{file}");
        match self {
            Self::Source => {
                project.files.get_mut(&file("__init__.py")).unwrap().text =
                    format!("X = {number}\n");
            }
            Self::NewFile => {
                let new = file(&format!("m{}.py", number % 5));
                project.files.insert(new, File::of(format!("{number}\n")));
            }
            Self::LostFile => {
                let lost = project.files.keys().find(|it| it.contains("/m")).cloned();
                lost.map(|lost| project.files.remove(&lost));
            }
            Self::Mode => {
                let it = project.files.get_mut(&file("__init__.py")).unwrap();
                it.executable = cfg!(unix) && !it.executable;
            }
            Self::Readme => {
                drop(project.files.insert("README.md".into(), File::of(number.to_string())));
            }
            Self::Test => {
                drop(project.files.insert("tests/test_it.py".into(), File::of(number.to_string())));
            }
            Self::Group => toggle(&mut project.dev, distribution),
            Self::Tool => project.tool = number % 100,
            Self::Requirement => toggle(&mut project.requires, distribution),
            Self::Apt => toggle(&mut project.apt, format!("lib{}", number % 3)),
            Self::Edge => {
                // Libraries need only those before them, so that there is no cycle.
                let before = paths.iter().filter(|it| !is_service(it) && **it < path);
                let before: Vec<&String> = before.collect();
                if !before.is_empty() {
                    toggle(&mut project.needs, before[random.usize(..before.len())].clone());
                }
            }
            Self::Pointer => {
                let attributes = File::of("*.bin filter=lfs diff=lfs merge=lfs -text\n");
                project.files.insert(file(".gitattributes"), attributes);
                let text = format!(
                    "version https://git-lfs.github.com/spec/v1\noid sha256:{number:064x}\nsize 9\n"
                );
                project.files.insert(file("model.bin"), File::of(text));
            }
            Self::Outside => drop(model.others.insert("docs/README.md".into(), number.to_string())),
            Self::Bump => model.index.get_mut(&distribution).unwrap().0 += 1,
            Self::Variable => model.variable = number % 3,
            Self::Comment => model.comment = number,
            Self::NewLibrary => model.add(&format!("libs/zlib{}", model.projects.len()), random),
            Self::NewService => {
                model.add(&format!("services/zapp{}", model.projects.len()), random);
            }
            Self::LostService => {
                let services: Vec<&String> = paths.iter().filter(|path| is_service(path)).collect();
                if services.len() > 1 {
                    model.projects.remove(services[random.usize(..services.len())]);
                }
            }
        }
    }
}

fn toggle(set: &mut std::collections::BTreeSet<String>, item: String) {
    if !set.remove(&item) {
        set.insert(item);
    }
}
