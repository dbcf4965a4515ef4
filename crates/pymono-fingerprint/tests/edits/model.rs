//! A repository as a model, the files that it is written as, and the images that it gives.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use fastrand::Rng;

/// A repository with one uv workspace.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// Services and libraries, by path.
    pub(crate) projects: BTreeMap<String, Project>,
    /// Distributions of the index, by name: their version, and what they need.
    pub(crate) index: BTreeMap<String, (u32, BTreeSet<String>)>,
    /// Files that belong to no project.
    pub(crate) others: BTreeMap<String, String>,
    /// A line at the top of the lock.
    pub(crate) comment: u32,
    /// A variable of every image.
    pub(crate) variable: u32,
}

/// A member of the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Project {
    /// Local projects that it needs, by path.
    pub(crate) needs: BTreeSet<String>,
    /// Distributions that it needs.
    pub(crate) requires: BTreeSet<String>,
    /// Distributions of its group for development.
    pub(crate) dev: BTreeSet<String>,
    /// Files below its folder, by path.
    pub(crate) files: BTreeMap<String, File>,
    /// Debian packages of its image.
    pub(crate) apt: BTreeSet<String>,
    /// What a tool for development is told.
    pub(crate) tool: u32,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) text: String,
    pub(crate) executable: bool,
}

impl File {
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), executable: false }
    }
}

#[cfg(unix)]
pub(crate) fn make_executable(path: &Utf8Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn make_executable(_: &Utf8Path) {}

/// Returns the name of the project in a path.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

pub(crate) fn is_service(path: &str) -> bool {
    path.starts_with("services/")
}

impl Model {
    pub(crate) fn random(random: &mut Rng) -> Self {
        let mut model = Self {
            projects: BTreeMap::new(),
            index: BTreeMap::new(),
            others: BTreeMap::new(),
            comment: 0,
            variable: 0,
        };
        for number in 0..8 {
            let needs = model.index.keys().filter(|_| random.u8(0..4) == 0).cloned().collect();
            model.index.insert(format!("dist{number}"), (1, needs));
        }
        for number in 0..random.usize(2..5) {
            model.add(&format!("libs/lib{number}"), random);
        }
        for number in 0..random.usize(2..5) {
            model.add(&format!("services/app{number}"), random);
        }
        model
    }

    /// Adds a project that needs some of the libraries that there are.
    pub(crate) fn add(&mut self, path: &str, random: &mut Rng) {
        let libraries = self.projects.keys().filter(|path| !is_service(path));
        let needs = libraries.filter(|_| random.bool()).cloned().collect();
        let requires = self.index.keys().filter(|_| random.u8(0..3) == 0).cloned().collect();
        let module = format!("src/{}", name(path));
        let files =
            ["__init__.py", "__main__.py"].map(|file| (format!("{module}/{file}"), File::of("")));
        let project = Project { needs, requires, files: files.into(), ..Project::default() };
        self.projects.insert(path.to_owned(), project);
    }

    pub(crate) fn files(&self) -> BTreeMap<String, File> {
        let members: Vec<String> = self.projects.keys().map(|path| format!("\"{path}\"")).collect();
        let root = format!(
            "[tool.uv.workspace]\nmembers = [{}]\n[tool.pymono]\npython = \"3.13\"\nenv = {{ X = \"{}\" }}\n",
            members.join(", "),
            self.variable
        );
        let mut files: BTreeMap<String, File> =
            self.others.iter().map(|(path, text)| (path.clone(), File::of(text))).collect();
        files.insert("pyproject.toml".into(), File::of(root));
        files.insert("uv.lock".into(), File::of(self.lock()));
        for (path, project) in &self.projects {
            files.insert(format!("{path}/pyproject.toml"), File::of(Self::manifest(path, project)));
            files.extend(
                project.files.iter().map(|(file, it)| (format!("{path}/{file}"), it.clone())),
            );
        }
        files
    }

    fn manifest(path: &str, project: &Project) -> String {
        let name = name(path);
        let local = || project.needs.iter().map(|path| self::name(path));
        let quoted = |names: Vec<&str>| {
            names.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ")
        };
        let requires = quoted(local().chain(project.requires.iter().map(String::as_str)).collect());
        let dev = quoted(project.dev.iter().map(String::as_str).collect());
        let sources: String =
            local().map(|it| format!("{it} = {{ workspace = true }}\n")).collect();
        let apt: Vec<&str> = project.apt.iter().map(String::as_str).collect();
        let settings = if is_service(path) {
            format!(
                "[tool.pymono]\ncommand = [\"python\", \"-m\", \"{name}\"]\napt = [{}]\n",
                quoted(apt)
            )
        } else {
            String::new()
        };
        format!(
            "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\
             [project]\nname = \"{name}\"\nversion = \"1\"\nrequires-python = \">=3.11\"\ndependencies = [{requires}]\n\
             [dependency-groups]\ndev = [{dev}]\n[tool.uv.sources]\n{sources}{settings}\
             [tool.ruff]\nline-length = {}\n",
            project.tool + 80
        )
    }

    fn lock(&self) -> String {
        let mut lock = format!(
            "# {}\nversion = 1\nrevision = 3\nrequires-python = \">=3.11\"\n",
            self.comment
        );
        let edges = |names: &mut dyn Iterator<Item = &str>| -> String {
            names.map(|name| format!("{{ name = \"{name}\" }}, ")).collect()
        };
        for (path, project) in &self.projects {
            let local = project.needs.iter().map(|path| name(path));
            let needs = edges(&mut local.chain(project.requires.iter().map(String::as_str)));
            let dev = edges(&mut project.dev.iter().map(String::as_str));
            lock += &format!(
                "[[package]]\nname = \"{}\"\nversion = \"1\"\nsource = {{ editable = \"{path}\" }}\n\
                 dependencies = [{needs}]\n[package.dev-dependencies]\ndev = [{dev}]\n",
                name(path)
            );
        }
        for (name, (version, needs)) in &self.index {
            let needs = edges(&mut needs.iter().map(String::as_str));
            lock += &format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
                 source = {{ registry = \"https://index.example/simple\" }}\ndependencies = [{needs}]\n\
                 wheels = [{{ url = \"https://index.example/{name}-{version}-py3-none-any.whl\", \
                 hash = \"sha256:{version:064x}\", size = 1000 }}]\n"
            );
        }
        lock
    }

    /// Returns what the image of each service holds and runs, as a text.
    pub(crate) fn images(&self) -> BTreeMap<String, String> {
        let services = self.projects.keys().filter(|path| is_service(path));
        services.map(|path| (path.clone(), self.image(path))).collect()
    }

    fn image(&self, service: &str) -> String {
        let closure =
            reached(BTreeSet::from([service.to_owned()]), |path| self.projects[path].needs.clone());
        let named = closure.iter().flat_map(|path| self.projects[path].requires.clone()).collect();
        let pins = reached(named, |name| self.index[name].1.clone());
        let mut image = format!("env {} apt {:?}\n", self.variable, self.projects[service].apt);
        for name in pins {
            image += &format!("pin {name} {}\n", self.index[&name].0);
        }
        for path in closure {
            let project = &self.projects[&path];
            // What is written into the metadata of a distribution that is installed.
            image += &format!("{path} {:?} {:?}\n", project.needs, project.requires);
            // A wheel has what lies in its packages.
            let held = project.files.iter().filter(|(file, _)| file.starts_with("src/"));
            image += &held.map(|(file, it)| format!("{path} {file} {it:?}\n")).collect::<String>();
        }
        image
    }
}

fn reached(from: BTreeSet<String>, next: impl Fn(&str) -> BTreeSet<String>) -> BTreeSet<String> {
    let (mut found, mut todo) = (BTreeSet::new(), from);
    while let Some(name) = todo.pop_first() {
        if found.insert(name.clone()) {
            todo.extend(next(&name));
        }
    }
    found
}
