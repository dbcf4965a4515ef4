//! Writes a fleet as a uv workspace, and locks it.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};

use super::fleet::{Fleet, Project};
use super::profiles::{DEVELOPMENT_PIN, PIN, THAT_DAY};
use crate::bench::copies::write;
use crate::bench::peer::Programs;
use crate::bench::scenario::{Pins, Source};
use crate::process::Tool;

/// How many modules each project has beside its first.
const MODULES: usize = 8;

/// A pin of the fleet as it is at first, or after it was bumped.
#[derive(Clone, Copy, Default)]
struct Bumped {
    pin: bool,
    development_pin: bool,
}

/// A fleet in a folder, locked.
pub(super) struct Tree<'a> {
    root: Utf8PathBuf,
    fleet: &'a Fleet,
    programs: &'a Programs,
}

impl<'a> Tree<'a> {
    /// Writes `fleet` below `root`, which is empty.
    pub(super) fn make(root: &Utf8Path, fleet: &'a Fleet, programs: &'a Programs) -> Result<Self> {
        let tree = Self { root: root.to_owned(), fleet, programs };
        let workspace = format!(
            "[tool.uv]\nexclude-newer = \"{THAT_DAY}\"\n\n[tool.uv.workspace]\nmembers = [{}]\n",
            if fleet.libraries.is_empty() {
                "\"services/*\""
            } else {
                "\"libs/*\", \"services/*\""
            }
        );
        write(&root.join("pyproject.toml"), &workspace)?;
        write(&root.join(".gitignore"), ".venv/\n__pycache__/\n")?;
        for library in &fleet.libraries {
            tree.project("libs", library)?;
        }
        for service in &fleet.services {
            tree.project("services", service)?;
        }
        tree.manifests(Bumped::default())?;
        tree.lock()?;
        Tool::new("git").args(["-C", root.as_str(), "init", "--quiet"]).quiet()?;
        Ok(tree)
    }

    /// The first module of a library or a service.
    pub(super) fn source(folder: &str, project: &Project) -> Source {
        let module = module(project);
        Source {
            project: format!("{folder}/{}", project.name),
            file: format!("{folder}/{}/src/{module}/__init__.py", project.name),
            module,
        }
    }

    /// The bump of a pin that the first service alone has.
    pub(super) fn pin(&self) -> Result<Pins> {
        let (name, [_, after]) = PIN;
        self.bump(0, name, Some(after), Bumped { pin: true, ..Bumped::default() })
    }

    /// The bump, after that of [`Tree::pin`], of a pin that the second service is developed with.
    pub(super) fn development_pin(&self) -> Result<Pins> {
        let (name, _) = DEVELOPMENT_PIN;
        self.bump(1, name, None, Bumped { pin: true, development_pin: true })
    }

    /// Bumps pins, reads what that makes of a service's manifest and the lock, and takes it back.
    fn bump(&self, ix: usize, name: &str, version: Option<&str>, bumped: Bumped) -> Result<Pins> {
        let project = format!("services/{}", self.fleet.services[ix].name);
        let lock = self.read("uv.lock")?;
        self.manifests(bumped)?;
        self.lock()?;
        let files = [format!("{project}/pyproject.toml"), "uv.lock".to_owned()];
        let files =
            files.map(|file| Ok((self.read(&file)?, file)).map(|(text, file)| (file, text)));
        let files = files.into_iter().collect::<Result<_>>()?;
        self.manifests(Bumped::default())?;
        write(&self.root.join("uv.lock"), &lock)?;
        Ok(Pins { project, files, distribution: name.into(), version: version.map(str::to_owned) })
    }

    fn manifests(&self, bumped: Bumped) -> Result<()> {
        let libraries = self.fleet.libraries.iter().map(|it| ("libs", it, Vec::new(), Vec::new()));
        let services = self.fleet.services.iter().enumerate().map(|(ix, service)| {
            let (pin, pins) = PIN;
            let pin = (ix == 0).then(|| format!("{pin}=={}", pins[usize::from(bumped.pin)]));
            let (tool, tools) = DEVELOPMENT_PIN;
            let version = tools[usize::from(bumped.development_pin)];
            let tool = (ix == 1).then(|| format!("{tool}=={version}"));
            let tools = ["pytest".to_owned()].into_iter().chain(tool).collect();
            ("services", service, pin.into_iter().collect(), tools)
        });
        for (folder, project, pins, tools) in libraries.chain(services) {
            let path = self.root.join(folder).join(&project.name).join("pyproject.toml");
            write(&path, &self.manifest(project, pins, &tools, folder == "services")?)?;
        }
        Ok(())
    }

    fn manifest(
        &self,
        project: &Project,
        pins: Vec<String>,
        tools: &[String],
        is_service: bool,
    ) -> Result<String> {
        let name = &project.name;
        let used = || project.uses.iter().map(|ix| self.fleet.libraries[*ix].name.clone());
        let needs = project.needs.iter().map(ToString::to_string);
        let needs: Vec<String> = needs.chain(used()).chain(pins).collect();
        let mut text = format!(
            "[project]\nname = \"{name}\"\nversion = \"1.0\"\nrequires-python = \">=3.11\"\n\
             dependencies = {needs:?}\n"
        );
        if is_service {
            write!(text, "\n[project.scripts]\n{name} = \"{}:main\"\n", module(project))?;
        }
        if !tools.is_empty() {
            write!(text, "\n[dependency-groups]\ndev = {tools:?}\n")?;
        }
        // Both are common, and uv builds with its own without starting Python.
        text.push_str(if name.ends_with(['0', '2', '4', '6', '8']) {
            "\n[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n"
        } else {
            "\n[build-system]\nrequires = [\"uv_build>=0.9,<0.14\"]\nbuild-backend = \"uv_build\"\n"
        });
        if !project.uses.is_empty() {
            text.push_str("\n[tool.uv.sources]\n");
            used().try_for_each(|used| writeln!(text, "{used} = {{ workspace = true }}"))?;
        }
        Ok(text)
    }

    /// Writes all of a project but its manifest.
    fn project(&self, folder: &str, project: &Project) -> Result<()> {
        let name = &project.name;
        let source = self.root.join(folder).join(name).join("src").join(module(project));
        write(
            &source.join("__init__.py"),
            &format!("\"\"\"{name}.\"\"\"\n\n\ndef main() -> None:\n    print(\"{name}\")\n"),
        )?;
        for number in 0..MODULES {
            let functions: String = (0..20)
                .map(|ix| {
                    format!("\n\ndef function_{ix}(value: int) -> int:\n    return value + {ix}\n")
                })
                .collect();
            let text = format!("\"\"\"Part {number} of {name}.\"\"\"\n{functions}");
            write(&source.join(format!("part_{number}.py")), &text)?;
        }
        Ok(())
    }

    fn lock(&self) -> Result<()> {
        let Programs { uv, python, .. } = self.programs;
        Tool::new(uv).args(["lock", "--quiet", "--python", python]).cwd(&self.root).quiet()
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = self.root.join(file);
        fs::read_to_string(&path).with_context(|| format!("failed to read `{path}`"))
    }
}

fn module(project: &Project) -> String {
    project.name.replace('-', "_")
}
