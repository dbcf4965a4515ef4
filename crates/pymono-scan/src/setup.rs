//! What `setup.cfg` and `setup.py` say, as far as it can be read: neither is run.

use std::{collections::BTreeMap, sync::LazyLock};

use configparser::ini::{Ini, IniDefault};
use pymono_names::TreePath;
use regex::Regex;

use crate::{ScanError, manifest::ProjectTable, tree::Tree};

/// What the two files say; nothing of it need be there.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    name: Option<String>,
    requires_python: Option<String>,
    dependencies: Vec<String>,
    extras: BTreeMap<String, Vec<String>>,
    scripts: BTreeMap<String, String>,
}

impl Setup {
    /// Reads the files of a folder; nothing if they are not those of a project.
    pub(crate) fn read(tree: &Tree, folder: &TreePath) -> Result<Option<Self>, ScanError> {
        let text = |name: &str| tree.file_in(folder, name).map(|file| tree.read(&file)).transpose();
        let (configuration, program) = (text("setup.cfg")?, text("setup.py")?);
        let program = program.filter(|text| is_for_packaging(text));
        let mut setup = configuration.as_deref().map(declared).unwrap_or_default();
        // Other tools keep their settings in `setup.cfg` too.
        if program.is_none() && setup.name.is_none() {
            return Ok(None);
        }
        // What the program passes itself is what setuptools takes.
        if let Some(call) = program.as_deref().and_then(|text| text.split_once("setup(")) {
            setup.read_call(call.1);
        }
        Ok(Some(setup))
    }

    /// Returns it as the standard table, and whether the name is its own and not `otherwise`.
    pub(crate) fn project(self, otherwise: pep508_rs::PackageName) -> (ProjectTable, bool) {
        let name = self.name.and_then(|name| name.parse().ok());
        let named = name.is_some();
        let project = ProjectTable {
            name: name.unwrap_or(otherwise),
            requires_python: self.requires_python,
            dependencies: self.dependencies,
            optional_dependencies: self.extras,
            scripts: self.scripts,
            dynamic: Vec::new(),
        };
        (project, named)
    }

    /// Reads the literal arguments of the call.
    fn read_call(&mut self, call: &str) {
        let name = argument(call, "name").and_then(string).map(|(name, _)| name);
        self.name = name.or(self.name.take());
        let python = argument(call, "python_requires").and_then(string).map(|(text, _)| text);
        self.requires_python = python.or(self.requires_python.take());
        if let Some(list) = argument(call, "install_requires").and_then(strings) {
            self.dependencies = list;
        }
        let scripts = argument(call, "console_scripts").and_then(strings);
        self.scripts.extend(scripts.iter().flatten().filter_map(|line| script(line)));
    }
}

/// Returns whether a `setup.py` makes a package: a module of an application may be called so too.
fn is_for_packaging(program: &str) -> bool {
    static TOOL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let import = r"\s*(?:from|import)\s[^#\n]*\b(?:setuptools|distutils|skbuild)\b";
        Regex::new(&format!(r"(?m)^(?:{import}|(?:\w+\.)*setup\()")).ok()
    });
    TOOL.as_ref().is_none_or(|it| it.is_match(program))
}

/// Reads `setup.cfg`; what is no such file says nothing.
fn declared(text: &str) -> Setup {
    let mut defaults = IniDefault::default();
    defaults.multiline = true;
    // A `;` stands before the marker of a requirement.
    defaults.inline_comment_symbols = Some(Vec::new());
    let mut ini = Ini::new_from_defaults(defaults);
    if ini.read(text.to_owned()).is_err() {
        return Setup::default();
    }
    let value = |section: &str, key: &str| {
        ini.get(section, key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let list = |section: &str, key: &str| value(section, key).map(|text| lines(&text));
    let extras = ini.get_map_ref().get("options.extras_require").into_iter().flatten();
    let extras = extras.filter_map(|(extra, text)| Some((extra.clone(), lines(text.as_deref()?))));
    let scripts = list("options.entry_points", "console_scripts").unwrap_or_default();
    Setup {
        name: value("metadata", "name"),
        requires_python: value("options", "python_requires"),
        dependencies: list("options", "install_requires").unwrap_or_default(),
        extras: extras.collect(),
        scripts: scripts.iter().filter_map(|line| script(line)).collect(),
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// Reads `name = module:function`.
fn script(line: &str) -> Option<(String, String)> {
    let (name, called) = line.split_once('=')?;
    Some((name.trim().to_owned(), called.trim().to_owned()))
}

/// Returns what follows the name of an argument, or the key of a dictionary, in a call.
fn argument<'a>(call: &'a str, name: &str) -> Option<&'a str> {
    static AFTER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?:^|[\s,({])["']?([a-z_]+)["']?\s*[=:]\s*"#).ok());
    let found = AFTER.as_ref()?.captures_iter(call).find(|found| &found[1] == name)?;
    call.get(found.get(0)?.end()..)
}

/// Reads a literal string, and returns what follows it.
fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let (inner, rest) = text[1..].split_once(quote)?;
    Some((inner.to_owned(), rest))
}

/// Reads a list of literal strings; nothing if it has anything else.
fn strings(text: &str) -> Option<Vec<String>> {
    let mut rest = text.strip_prefix('[')?.trim_start();
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t', '\r', '\n']);
        if let Some(comment) = rest.strip_prefix('#') {
            rest = comment.split_once('\n')?.1;
        } else if rest.starts_with(']') {
            return Some(found);
        } else {
            let (text, after) = string(rest)?;
            found.push(text);
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literals_are_read_of_a_program() {
        let mut setup = Setup::default();
        setup.read_call(
            "\n    name='Shop_Core', version=read('x'),\n    python_requires = \">=3.9\",\n    \
             install_requires=[\n        'requests[socks]>=2',  # why\n        \"attrs; python_version < '3.9'\",\n    ],\n    \
             entry_points={'console_scripts': ['core = core.cli:main']},\n)",
        );
        assert_eq!(setup.name.as_deref(), Some("Shop_Core"));
        assert_eq!(setup.requires_python.as_deref(), Some(">=3.9"));
        assert_eq!(setup.dependencies, ["requests[socks]>=2", "attrs; python_version < '3.9'"]);
        assert_eq!(setup.scripts["core"], "core.cli:main");
        let mut computed = Setup::default();
        computed.read_call("name=NAME, install_requires=read('requirements.txt'))");
        assert_eq!((computed.name, computed.dependencies), (None, vec![]));
    }

    #[test]
    fn a_program_that_packages_is_told_from_a_module_of_that_name() {
        let packages = [
            "import os, setuptools\nsetuptools.setup(name='a')",
            "from setuptools import setup as make\nmake()",
            "try:\n    from skbuild import setup\nexcept ImportError:\n    raise",
            "from tools import setup\nsetup()",
        ];
        for program in packages {
            assert!(is_for_packaging(program), "{program}");
        }
        let others = ["", "import os\n\ndef setup(app):\n    app.setup()\n", "# setup() of it\n"];
        for program in others {
            assert!(!is_for_packaging(program), "{program}");
        }
    }

    #[test]
    fn a_configuration_keeps_markers_and_lists() {
        let setup = declared(
            "[metadata]\nname = core\n\n[options]\npython_requires = >=3.9\ninstall_requires =\n    requests>=2\n    attrs; python_version < '3.9'\n\n\
             [options.extras_require]\nfast =\n    orjson\n\n[options.entry_points]\nconsole_scripts =\n    core = core.cli:main\n",
        );
        assert_eq!(setup.name.as_deref(), Some("core"));
        assert_eq!(setup.dependencies, ["requests>=2", "attrs; python_version < '3.9'"]);
        assert_eq!(setup.extras["fast"], ["orjson"]);
        assert_eq!(setup.scripts["core"], "core.cli:main");
    }
}
