//! Images that stand on others of the tree.

use super::*;

#[test]
fn an_image_has_what_the_tree_s_image_below_it_has() {
    let bake = r#"{"target": {"base": {"dockerfile": "docker/base.Dockerfile", "tags": ["reg.example/acme/ground"]}, "api": {"context": "api", "contexts": {"ground": "target:base"}}}}"#;
    let tree = |from: &'static str| {
        [
            ("docker-bake.json", bake),
            ("docker/base.Dockerfile", BASE),
            ("api/Dockerfile", from),
            ("api/pyproject.toml", "api"),
            ("libs/core/pyproject.toml", "core"),
        ]
    };
    let by_context = "FROM ground\nCOPY . /app\nCMD [\"python\", \"-m\", \"api\"]";
    let by_tag = "FROM reg.example/acme/ground:1.2\nCOPY . /app\nCMD [\"python\", \"-m\", \"api\"]";
    let by_name = "FROM acme/base\nCOPY . /app\nCMD [\"python\", \"-m\", \"api\"]";
    for from in [by_context, by_tag, by_name] {
        let images = read(&tree(from)).images;
        let [image] = &images[..] else { panic!("one image, not {images:?}") };
        assert_eq!(image.base.as_deref(), Some("python:3.12-slim"));
        assert_eq!(
            (&image.apt[..], image.user.as_deref()),
            (&["libpq5".to_owned()][..], Some("app"))
        );
        assert_eq!(image.command.as_ref().unwrap().to_string(), "tini -- python -m api");
        assert_eq!(
            image.parents.iter().map(TreePath::as_str).collect::<Vec<_>>(),
            ["docker/base.Dockerfile"]
        );
        let [Named::Build(_, base)] = image.build.contexts.values().collect::<Vec<_>>()[..] else {
            panic!("one build, not {:?}", image.build.contexts)
        };
        assert_eq!(base.dockerfile.as_str(), "docker/base.Dockerfile");
        let names: Vec<_> = image.build.contexts.keys().map(String::as_str).collect();
        let name = from.split_whitespace().nth(1).unwrap();
        assert_eq!(names, [name]);
        assert_eq!(image.copies.keys().map(TreePath::as_str).collect::<Vec<_>>(), ["libs/core"]);
    }
}

#[test]
fn a_target_that_nobody_asks_for_has_the_contexts_of_the_others() {
    let compose = "services: {web: {build: {context: ., dockerfile: docker/Dockerfile, target: web, additional_contexts: {words: ./words}}}}";
    let text = "FROM python:3.12 AS base\nCOPY --from=words . .\nFROM base AS web\nCMD python web.py\nFROM base AS job\nCMD python job.py";
    let tree = [
        ("compose.yaml", compose),
        ("docker/Dockerfile", text),
        ("pyproject.toml", "x"),
        ("words/a", ""),
    ];
    let images = read(&tree).images;
    assert_eq!(images.len(), 2);
    for image in images {
        let words = Named::Folder("words".parse().unwrap());
        assert_eq!(image.build.contexts, BTreeMap::from([("words".to_owned(), words)]));
        assert_eq!(image.build.context.as_str(), ".");
        assert_eq!(image.sources[0].path.as_str(), "words");
    }
}

#[test]
fn a_dockerfile_is_asked_for_whatever_it_runs() {
    let text = "FROM python:3.12 AS one\nCMD [\"/go\"]\nFROM alpine AS two\nCOPY ../x y /";
    let files: Vec<TreePath> = vec!["api/docker/Dockerfile".parse().unwrap()];
    let recipe = Recipe::parse(RecipeKind::Dockerfile, text, &Arguments::new()).unwrap();
    let recipes = BTreeMap::from([(files[0].clone(), recipe)]);
    let folder: TreePath = "api".parse().unwrap();
    let asking = |target: &'static str| {
        let surroundings = Surroundings { files: &files, projects: &BTreeMap::new() };
        let args = Arguments::from([("A".into(), "1".into())]);
        let asking = Asked {
            folder: &folder,
            dockerfile: &files[0],
            target: Some(target),
            context: Some(&folder),
            args: &args,
        };
        asked(&recipes, &surroundings, asking).unwrap()
    };
    let image = asking("ONE").unwrap();
    assert_eq!((image.folder.as_str(), image.base.as_deref()), ("api", Some("python:3.12")));
    assert_eq!((image.build.context.as_str(), image.build.args["A"].as_str()), ("api", "1"));
    assert_eq!(asking("three"), Err(NoStage(vec!["one".into(), "two".into()])));
}

#[test]
fn images_that_stand_on_each_other_in_a_circle_end() {
    let tree = [
        (
            "compose.yaml",
            "services:\n  a: {image: acme/a, build: a}\n  b: {image: acme/b, build: b}\n",
        ),
        ("a/Dockerfile", "FROM acme/b\nCMD python a.py"),
        ("b/Dockerfile", "FROM acme/a\nCMD python b.py"),
    ];
    assert_eq!(shown(&tree).len(), 2);
}

#[test]
fn stages_that_all_copy_from_each_other_are_read_in_time() {
    let copies =
        |at: usize| (0..at).map(|from| format!("COPY --from={from} /a /a\n")).collect::<String>();
    let stage = |at: usize| format!("FROM debian\n{}", copies(at));
    let text: String = (0..40).map(stage).collect::<String>() + "CMD [\"/a/b\"]";
    check(&[("api/Dockerfile", &text), ("api/x/pyproject.toml", "x")], &[]);
    let python = text.replace("/a/b", "/a/b.py");
    assert_eq!(shown(&[("api/Dockerfile", &python), ("api/x/pyproject.toml", "x")]).len(), 1);
}

#[test]
fn a_base_that_starts_an_application_itself_needs_no_command() {
    let tree = [(
        "api/Dockerfile",
        "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11\nCOPY app /app/app",
    )];
    check(&tree, &["api api api/Dockerfile []"]);
}
