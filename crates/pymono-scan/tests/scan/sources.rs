//! Indexes as Poetry, PDM and pipenv name them.

use pymono_workspace::{Index, IndexFormat};

use crate::repo::Repo;

/// Returns the indexes of the only lock there is.
fn indexes(repo: &Repo) -> Vec<Index> {
    let workspace = repo.scan();
    assert_eq!(workspace.indexes.len(), 1, "{:?}", workspace.indexes);
    workspace.indexes.into_values().next().unwrap_or_default()
}

/// Returns name, URL and what an index is for.
fn shown(indexes: &[Index]) -> Vec<(&str, &str, &str)> {
    let role = |index: &Index| match (index.default, index.explicit, index.format) {
        (true, _, _) => "default",
        (_, true, _) => "explicit",
        (_, _, IndexFormat::Flat) => "flat",
        _ => "further",
    };
    indexes.iter().map(|it| (it.name.as_deref().unwrap_or(""), it.url.as_str(), role(it))).collect()
}

#[test]
fn a_primary_source_of_poetry_is_the_default() {
    let repo = Repo::new();
    let manifest = "[tool.poetry]\nname = \"api\"\nversion = \"1\"\n\n\
                    [[tool.poetry.source]]\nname = \"extra\"\nurl = \"https://extra.example/simple\"\npriority = \"supplemental\"\n\
                    [[tool.poetry.source]]\nname = \"own\"\nurl = \"https://me:secret@own.example/simple\"\n\
                    [[tool.poetry.source]]\nname = \"torch\"\nurl = \"https://torch.example/simple\"\npriority = \"explicit\"\n";
    repo.file("pyproject.toml", manifest);
    repo.file("poetry.lock", "package = []\n[metadata]\nlock-version = \"2.1\"\n");
    let expected = [
        ("extra", "https://extra.example/simple", "further"),
        ("own", "https://own.example/simple", "default"),
        ("torch", "https://torch.example/simple", "explicit"),
    ];
    assert_eq!(shown(&indexes(&repo)), expected);
    // A package without a source is from the usual index, which was asked as well.
    let lock = "[[package]]\nname = \"idna\"\nversion = \"3\"\nfiles = []\n[metadata]\nlock-version = \"2.1\"\n";
    repo.file("poetry.lock", lock);
    assert!(indexes(&repo).iter().all(|index| !index.default));
}

#[test]
fn a_source_of_pdm_replaces_the_default_by_its_name() {
    let repo = Repo::new();
    let manifest = "[project]\nname = \"api\"\nversion = \"1\"\n\n\
                    [[tool.pdm.source]]\nname = \"pypi\"\nurl = \"https://own.example/simple\"\n\
                    [[tool.pdm.source]]\nname = \"files\"\nurl = \"https://files.example/all\"\ntype = \"find_links\"\n";
    repo.file("pyproject.toml", manifest);
    repo.file("pdm.lock", "[metadata]\nlock_version = \"4.5.0\"\n");
    let expected = [
        ("pypi", "https://own.example/simple", "default"),
        ("files", "https://files.example/all", "flat"),
    ];
    assert_eq!(shown(&indexes(&repo)), expected);
}

#[test]
fn the_first_source_of_pipenv_is_the_default() {
    let repo = Repo::new();
    let manifest = "[[source]]\nname = \"own\"\nurl = \"https://${WHO}:${WORD}@own.example/simple\"\nverify_ssl = true\n\
                    [[source]]\nname = \"more\"\nurl = \"https://more.example/simple\"\nverify_ssl = true\n\
                    [packages]\nidna = \"*\"\n";
    repo.file("api/Pipfile", manifest);
    repo.file("api/Pipfile.lock", "{\"_meta\": {\"pipfile-spec\": 6}, \"default\": {}}\n");
    let expected = [
        ("own", "https://own.example/simple", "default"),
        ("more", "https://more.example/simple", "further"),
    ];
    assert_eq!(shown(&indexes(&repo)), expected);
}
