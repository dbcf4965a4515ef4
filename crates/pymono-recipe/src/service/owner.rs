//! Which project an image runs.

use std::{collections::BTreeSet, iter, sync::LazyLock};

use pymono_names::TreePath;
use regex::Regex;

use super::{Surroundings, context::is_for_recipes, locate::Locator};
use crate::{Command, Context, Stage, reference::regex};

/// What is known of an image when its project is looked for.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) dockerfile: &'a TreePath,
    pub(crate) context: &'a TreePath,
    /// Whether a recipe names the context.
    pub(crate) named_context: bool,
    pub(crate) stages: &'a [Stage],
    pub(crate) target: usize,
    pub(crate) command: Option<&'a Command>,
    /// Whether an image of the tree that it stands on takes something of the tree.
    pub(crate) stands_on_tree: bool,
    /// What it is called: its target, a service of a compose file, its image.
    pub(crate) names: Vec<String>,
    pub(crate) surroundings: &'a Surroundings<'a>,
}

/// The score from which on evidence is believed.
const ENOUGH: usize = 4;

/// Returns the folder that an image runs, and why; nothing where nobody can tell.
///
/// Where the Dockerfile or the context lies in a project, it is that project,
/// unless projects below it are copied and the evidence points at one of them.
pub(crate) fn owner(evidence: &Evidence<'_>) -> Option<(TreePath, String)> {
    let home = evidence.home();
    let scope = home.as_ref().unwrap_or(evidence.context);
    // What the outer project has itself says nothing of those below it.
    let starts_at_home = home
        .as_ref()
        .is_some_and(|it| evidence.starts_module_of(it) || evidence.starts_file_of(it));
    let mut best: Vec<(usize, &'static str, TreePath)> = evidence
        .reached(scope)
        .into_iter()
        .map(|it| evidence.score(it, starts_at_home))
        .filter(|(score, ..)| *score >= ENOUGH)
        .collect();
    best.sort_by(|(one, _, path), (other, _, place)| other.cmp(one).then_with(|| path.cmp(place)));
    let unique = best.len() < 2 || best[0].0 > best[1].0;
    if let Some((_, why, folder)) = best.into_iter().next().filter(|_| unique) {
        return Some((folder, why.to_owned()));
    }
    let own = evidence.dockerfile.parent().unwrap_or_else(TreePath::root);
    // A project at the root is also the tools' of a whole repository.
    let deep = own.parts().count() > 1 && home.as_ref().is_none_or(TreePath::is_root);
    if deep && !own.parts().any(is_for_recipes) {
        if evidence.starts_file_in(&own) {
            return Some((own, "its command starts a file beside it".to_owned()));
        }
        if evidence.workplace().is_some_and(|it| it.is_in(&own)) {
            return Some((own, "its working directory is a copy of that folder".to_owned()));
        }
        // What takes nothing of the tree runs nothing of the project around it.
        if home.is_some() && !evidence.stands_on_tree && evidence.all_seen().is_empty() {
            return None;
        }
    }
    if home.is_none()
        && !evidence.named_context
        && let Some(folder) = evidence.copied_to_start(&own)
    {
        return Some((folder, "its command starts a file that is copied with it".to_owned()));
    }
    let folder = match home {
        Some(home) => home,
        None if evidence.named_context => evidence.context.clone(),
        None if own.parts().any(is_for_recipes) => return None,
        None => own,
    };
    Some((folder, "its Dockerfile is there".to_owned()))
}

impl Evidence<'_> {
    /// Returns the project in which the Dockerfile or a named context lies, the deeper of both.
    fn home(&self) -> Option<TreePath> {
        let by_place = self.surroundings.project_of(self.dockerfile);
        let by_context = self.surroundings.project_of(self.context).filter(|_| self.named_context);
        by_context.into_iter().chain(by_place).max_by_key(|it| it.parts().count())
    }

    /// Returns the projects below `scope` of which the build sees something.
    fn reached(&self, scope: &TreePath) -> BTreeSet<TreePath> {
        let seen = self.all_seen();
        let below = self.surroundings.projects.keys().filter(|it| it.is_in(scope) && *it != scope);
        below
            .filter(|project| seen.iter().any(|it| it.is_in(project) || project.is_in(it)))
            .cloned()
            .collect()
    }

    /// Returns what all stages of the build take from the context.
    fn all_seen(&self) -> Vec<TreePath> {
        self.seen(&Stage::closure(self.stages, self.target).into_iter().collect::<Vec<_>>())
    }

    /// Returns the folder outside of projects, beside that of the Dockerfile, that is copied with what the command starts.
    fn copied_to_start(&self, own: &TreePath) -> Option<TreePath> {
        let copied = self.all_seen();
        let apart = |it: &&TreePath| {
            !own.is_in(it)
                && !self.surroundings.is_file(it)
                && self.surroundings.project_of(it).is_none()
        };
        self.started()
            .find_map(|file| copied.iter().filter(apart).find(|folder| file.is_in(folder)).cloned())
    }

    /// Returns what some stages take from the context.
    fn seen(&self, stages: &[usize]) -> Vec<TreePath> {
        let reach = stages.iter().filter_map(|at| self.stages.get(*at)).flat_map(Stage::own_reach);
        let sources = reach.filter(|it| it.context == Context::Main).map(|it| it.source);
        sources.flat_map(|it| self.surroundings.matching(self.context, &it)).collect()
    }

    /// Returns how much speaks for a project, and what speaks for it most.
    fn score(&self, project: TreePath, starts_at_home: bool) -> (usize, &'static str, TreePath) {
        let own = self.stages.get(self.target).map_or_else(Vec::new, |_| self.seen(&[self.target]));
        let own_copy = own.iter().any(|it| it.is_in(&project));
        let chain_copy = self.all_seen().iter().any(|it| it.is_in(&project));
        let speaks = [
            (self.is_called(&project), 8, "its target or image is called so"),
            (self.works_in(&project), 8, "its working directory is a copy of it"),
            (self.starts_file_of(&project), 6, "its command starts a file of it"),
            (own_copy && !starts_at_home, 5, "its last stage copies it"),
            (self.installs(&project), 5, "its Dockerfile installs it"),
            (
                !starts_at_home && self.starts_module_of(&project),
                4,
                "its command starts a module of it",
            ),
            (chain_copy, 1, "its Dockerfile copies it"),
        ];
        let score = speaks.iter().filter(|(speaks, ..)| *speaks).map(|(_, weight, _)| weight).sum();
        let why = speaks.iter().find(|(speaks, ..)| *speaks).map_or("", |(_, _, why)| *why);
        (score, why, project)
    }

    fn locator(&self) -> Locator<'_> {
        Locator { stages: self.stages, context: self.context, surroundings: self.surroundings }
    }

    fn names_of(&self, project: &TreePath) -> Vec<String> {
        let name = self.surroundings.projects.get(project).map(String::as_str);
        project.file_name().into_iter().chain(name).map(normalised).collect()
    }

    fn is_called(&self, project: &TreePath) -> bool {
        let called = self.names_of(project);
        self.names.iter().any(|it| called.contains(&normalised(it)))
    }

    fn works_in(&self, project: &TreePath) -> bool {
        let found = self.workplace();
        found.is_some_and(|it| self.surroundings.project_of(&it).as_ref() == Some(project))
    }

    /// Returns the folder of the tree that its working directory is a copy of.
    fn workplace(&self) -> Option<TreePath> {
        let workdir = self.stages.get(self.target)?.config.workdir.as_ref();
        workdir.and_then(|(path, _)| self.locator().locate(self.target, path))
    }

    fn installs(&self, project: &TreePath) -> bool {
        let names = self.names_of(project);
        let closure = Stage::chain(self.stages, self.target);
        let installs =
            closure.iter().filter_map(|at| self.stages.get(*at)).flat_map(|it| &it.installs);
        let copied = self.stages.get(self.target).map(Stage::needs).unwrap_or_default();
        let from = copied.iter().filter_map(|at| self.stages.get(*at)).flat_map(|it| &it.installs);
        installs.chain(from).flat_map(|it| &it.chosen).any(|it| names.contains(&normalised(it)))
    }

    /// Returns the words of the command that could name files or modules.
    fn words(&self) -> Vec<String> {
        self.command.map(Command::simple).unwrap_or_default().into_iter().flatten().collect()
    }

    fn starts_file_of(&self, project: &TreePath) -> bool {
        self.started().any(|it| self.surroundings.project_of(&it).as_ref() == Some(project))
    }

    fn starts_file_in(&self, folder: &TreePath) -> bool {
        self.started().any(|it| it.is_in(folder))
    }

    /// Returns the files of the tree that the command names.
    fn started(&self) -> impl Iterator<Item = TreePath> {
        let workdir = self.stages.get(self.target).and_then(|it| it.config.workdir.as_ref());
        let workdir = workdir.map_or("", |(path, _)| path.trim_end_matches('/'));
        let workdir = workdir.to_owned();
        let absolute = move |word: String| {
            if word.starts_with('/') { word } else { format!("{workdir}/{word}") }
        };
        let files = self
            .words()
            .into_iter()
            .filter(|it| !it.starts_with('-') && it.contains(['/', '.']))
            .map(absolute);
        let found =
            files.filter_map(|it| self.locator().locate(self.target, &it.replace("/./", "/")));
        found.filter(|it| self.surroundings.is_file(it))
    }

    fn starts_module_of(&self, project: &TreePath) -> bool {
        static MODULE: LazyLock<Regex> =
            LazyLock::new(|| regex(r"^([A-Za-z_][\w.]*):[A-Za-z_][\w.]*(?:\(\))?$"));
        let words = self.words();
        let pairs = words.iter().zip(words.iter().skip(1));
        let after = pairs
            .filter(|(it, _)| ["-m", "-A", "--app"].contains(&it.as_str()))
            .map(|(_, it)| it.clone());
        let named = words.iter().filter_map(|it| Some(MODULE.captures(it)?[1].to_owned()));
        let mut modules = named.chain(after);
        // A folder may itself be the package, or one within it, as seen from a folder above.
        let above = iter::successors(project.parent(), TreePath::parent)
            .take_while(|it| it.is_in(self.context));
        let roots: Vec<TreePath> =
            iter::once(project.clone()).chain(project.join("src")).chain(above).collect();
        modules.any(|module| {
            let path = module.replace('.', "/");
            let ends = [".py", "/__init__.py", "/__main__.py"];
            let files = roots.iter().flat_map(|root| {
                ends.iter().filter_map(|end| root.join(&format!("{path}{end}")).ok())
            });
            files.into_iter().any(|it| {
                self.surroundings.is_file(&it)
                    && self.surroundings.project_of(&it).as_ref() == Some(project)
            })
        })
    }
}

/// Returns a name in the form in which two spellings of it are equal.
pub(crate) fn normalised(name: &str) -> String {
    name.to_lowercase().replace(['_', '.', ' '], "-")
}

/// Returns what the name of a Dockerfile says that it builds: `api` of `api.Dockerfile` and `docker/api/Dockerfile`.
pub(crate) fn names_of_file(dockerfile: &TreePath) -> Vec<String> {
    let name = dockerfile.file_name().unwrap_or_default();
    let lower = name.to_lowercase();
    let stem = lower.replace("dockerfile", "").replace("containerfile", "");
    let stem = stem.trim_matches(['.', '-', '_']).to_owned();
    let folder = dockerfile.parent().and_then(|it| it.file_name().map(str::to_owned));
    let folder = folder.filter(|it| !is_for_recipes(it));
    iter::once(stem).chain(folder).filter(|it| !it.is_empty()).collect()
}
