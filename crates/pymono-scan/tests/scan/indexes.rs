//! Indexes that the configuration names.

use pymono_workspace::{Index, IndexFormat};

use crate::repo::Repo;

fn indexes(repo: &Repo) -> Vec<String> {
    let workspace = repo.scan();
    let tell = |Index { name, url, format, explicit, default, login: _ }: &Index| {
        let mut text = format!("{}={url}", name.as_deref().unwrap_or("?"));
        for (said, word) in
            [(*format == IndexFormat::Flat, "flat"), (*explicit, "explicit"), (*default, "default")]
        {
            text += &if said { format!(" {word}") } else { String::new() };
        }
        text
    };
    workspace.indexes.values().flatten().map(tell).collect()
}

#[test]
fn the_root_says_where_things_come_from_and_members_name_more() {
    let repo = Repo::workspace(
        r#"["a", "b"]
[[tool.uv.index]]
name = "corp"
url = "https://corp.example/simple"
explicit = true
[[tool.uv.index]]
url = "https://mirror.example/simple"
default = true
[[tool.uv.index]]
name = "wheels"
url = "./wheels"
format = "flat"
[tool.uv]
index-url = "https://unheard.example/simple"
extra-index-url = ["https://more.example/simple"]
find-links = ["https://page.example/files.html"]"#,
    );
    let own =
        "[[tool.uv.index]]\nname = \"own\"\nurl = \"https://own.example/simple\"\ndefault = true";
    repo.project("a", "[]", own).project(
        "b",
        "[]",
        "[[tool.uv.index]]\nurl = \"https://x.example\"",
    );
    assert_eq!(
        indexes(&repo),
        [
            "corp=https://corp.example/simple explicit",
            "?=https://mirror.example/simple default",
            "wheels=./wheels flat",
            "?=https://more.example/simple",
            "?=https://page.example/files.html flat",
            "own=https://own.example/simple explicit",
        ]
    );
}

#[test]
fn a_file_of_uv_s_own_comes_first() {
    let repo = Repo::workspace("[\"a\"]\n[tool.uv]\nindex-url = \"https://a.example/simple\"");
    repo.project("a", "[]", "");
    assert_eq!(indexes(&repo), ["?=https://a.example/simple default"]);
    repo.file("uv.toml", "index-url = \"https://b.example/simple\"\n");
    assert_eq!(indexes(&repo), ["?=https://b.example/simple default"]);
}

#[test]
fn a_password_in_a_url_is_left_out_and_warned_of() {
    let repo = Repo::workspace(
        "[\"a\"]\n[[tool.uv.index]]\nname = \"corp-x\"\nurl = \"https://bob:hidden@corp.example/simple\"",
    );
    repo.project("a", "[]", "");
    assert_eq!(indexes(&repo), ["corp-x=https://corp.example/simple"]);
    let warnings = repo.warnings().join("\n");
    insta::assert_snapshot!(warnings, @"`pyproject.toml`, line 3, key `tool.uv.index`: the password in the URL of `https://corp.example/simple` is not used; take it out and give builds `UV_INDEX_CORP_X_USERNAME` and `UV_INDEX_CORP_X_PASSWORD`, or `NETRC`");
}
