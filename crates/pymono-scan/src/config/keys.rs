//! The keys of the configuration: what each may hold and what it sets.

use std::collections::BTreeSet;

use pymono_names::TreePath;
use pymono_workspace::{CacheMount, Settings};
use serde_json::Value;

use super::{
    Configured, dockerfile, include, secrets,
    shape::{self, Shape, shape},
    test,
    validate::{
        ABSOLUTE_PATH, ALPINE_PACKAGE, APT_SNAPSHOT, COMPRESSION, DEBIAN_PACKAGE, IMAGE_NAME,
        IMAGE_REFERENCE, LABEL_NAME, REGISTRY, TAG, VARIABLE_NAME,
    },
};

/// A key of the configuration.
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What it may hold.
    pub(super) shape: Shape,
    /// The same, for people.
    pub(super) allowed: &'static str,
    /// What it means, for people.
    pub(super) meaning: &'static str,
    /// Whether it is for the whole repository and never for one project.
    pub(super) of_whole: bool,
}

const fn key(
    name: &'static str,
    shape: Shape,
    allowed: &'static str,
    meaning: &'static str,
) -> Key {
    Key { name, shape, allowed, meaning, of_whole: false }
}

const fn whole(key: Key) -> Key {
    Key { of_whole: true, ..key }
}

/// The supported keys, sorted. What is valid, what the schema says and what people are told come from here.
#[rustfmt::skip]
pub(super) static KEYS: &[Key] = &[
    key("apk", Shape::Texts(&ALPINE_PACKAGE), "a list of Alpine packages in the runtime image", "Alpine packages of the runtime image, in place of `apt`"),
    key("apt", Shape::Texts(&DEBIAN_PACKAGE), "a list of Debian packages in the runtime image", "Debian packages of the runtime image"),
    whole(key("apt-snapshot", Shape::Text(&APT_SNAPSHOT), "a time such as `\"20260131T000000Z\"`, or `\"locked\"`", "the state of Debian's archive that system packages are taken from; `locked` for the one that `pymono lock` notes")),
    key("base-image", Shape::Text(&IMAGE_REFERENCE), "the reference of the image in which everything is built", "the image in which things are installed and built"),
    key("build-apk", Shape::Texts(&ALPINE_PACKAGE), "a list of Alpine packages for builds", "Alpine packages of builds, in place of `build-apt`"),
    key("build-apt", Shape::Texts(&DEBIAN_PACKAGE), "a list of Debian packages for builds", "Debian packages of builds, beside compilers"),
    key("build-steps", Shape::Steps, "a list of commands, each a string for the shell or a list of words", "commands that are run when the image is built, once everything is installed"),
    key("cache", Shape::Texts(&ABSOLUTE_PATH), "a list of absolute paths", "folders that builds of this project keep from one run to the next"),
    key("command", Shape::Words, "a list of words, the program first", "the command of the image, in exec form"),
    whole(key("compression", Shape::Text(&COMPRESSION), "`\"gzip\"` or `\"zstd\"`, or with a level such as `\"zstd:9\"`", "how the layers of images are compressed that builds make")),
    key("dockerfile", Shape::Dockerfile, "a path from the service's folder, a table such as `{ path = \"Dockerfile\", target = \"api\", context = \"..\", args = { A = \"1\" } }`, a list of these, or `false` to generate it all the same", "the hand-written Dockerfiles that the service is built by, as they are; `false` for none"),
    key("entrypoint", Shape::Words, "a list of words, the program first", "the entry point of the image, in exec form"),
    key("env", Shape::Table(&VARIABLE_NAME), "a table of strings", "environment variables of the image"),
    whole(key("exclude", Shape::Patterns, "a list of patterns of folders", "folders that hold no projects of yours")),
    key("extras", Shape::Names, "a list of extras of the project", "extras of the service that its image gets"),
    key("groups", Shape::Names, "a list of dependency groups of the project", "dependency groups of the service that its image gets"),
    key("healthcheck", Shape::Words, "a list of words, the program first", "the command that tells whether the service is healthy, in exec form"),
    key("image", Shape::Text(&IMAGE_NAME), "the image's name without registry and tag", "the name of the image, without registry and tag"),
    key("include", Shape::Includes, "a list of paths and patterns relative to the folder of this file, or of tables such as `{ from = \"gen\", to = \"lib\" }`", "further files in the image and its builds, git-ignored ones too"),
    key("inputs", Shape::Paths, "a list of paths and patterns relative to the folder of this file", "further files that make the image another one when they change"),
    key("labels", Shape::Table(&LABEL_NAME), "a table of strings", "labels of the image"),
    key("libc", Shape::Libc, "`\"glibc\"` or `\"musl\"`", "the C library of the images, where their names do not tell"),
    key("max-image-size", Shape::Bytes, "a size in quotes, such as `\"500 MB\"`", "what the image may take up at most, unpacked and with its base"),
    key("max-layers", Shape::Count, "a number from 1", "how many layers the image may have at most, those of its base included"),
    whole(key("members", Shape::Patterns, "a list of patterns of folders", "the folders that are projects; all where absent")),
    key("platforms", Shape::Platforms, "a list of `linux/amd64` and `linux/arm64`", "the platforms of the image"),
    key("port", Shape::Port, "a number from 1 to 65535", "the TCP port that the service listens on"),
    key("python", Shape::Python, "a version in quotes, such as `\"3.13\"`", "the Python of the image"),
    key("registry", Shape::Text(&REGISTRY), "a registry and the path before the image's name", "the registry and the path before the image's name"),
    key("require-locked", Shape::Flag, "`true` or `false`", "whether a service is refused that has requirements which nothing pins"),
    whole(key("reuse-from", Shape::Texts(&REGISTRY), "a list of registries, each with the path before images' names", "where `pymono build --push` looks for images that exist, in place of their own registry")),
    key("runtime-image", Shape::Text(&IMAGE_REFERENCE), "the reference of the image on which services run", "the image on which the service runs"),
    key("secrets", Shape::Secrets, "a list of names, or of tables such as `{ id = \"token\", env = \"API_TOKEN\" }` or `{ id = \"conf\", target = \"/etc/conf\" }`", "secrets that install and build steps are given"),
    key("skip", Shape::Flag, "`true` or `false`", "whether it is kept from being a service"),
    key("tags", Shape::Texts(&TAG), "a list of tags", "the tags of the image"),
    key("test", Shape::Test, "a command for the shell, a list of commands, each a string for the shell or a list of words, or a table such as `{ run = \"pytest\", groups = [\"dev\"] }`", "commands that test what is in the image, in a stage that no image has"),
    key("user", Shape::User, "a numeric user id", "the id of the user that the service runs as"),
    whole(key("uv-image", Shape::Text(&IMAGE_REFERENCE), "the reference of the image that holds uv", "the image that holds uv")),
    key("version", Shape::Versions, "a version in quotes, such as `\"1.4.0\"`; for the whole repository also a table of them, by project", "the version of a project whose build would ask git for it"),
    key("workdir", Shape::Text(&ABSOLUTE_PATH), "an absolute path", "the working directory of the service"),
];

/// What can be wrong with a key or its value.
pub(super) enum Wrong {
    /// There is no such key.
    Unknown,
    /// It cannot be set for one project.
    OfTheWhole,
    /// The value cannot be used.
    Value(String),
}

impl From<String> for Wrong {
    fn from(problem: String) -> Self {
        Self::Value(problem)
    }
}

/// Returns all keys, for people.
pub(super) fn known() -> String {
    KEYS.iter().map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ")
}

/// Returns the key that `key` was perhaps meant to be.
pub(super) fn similar(key: &str) -> Option<&'static str> {
    let key = key.replace('_', "-").to_lowercase();
    let scored = KEYS.iter().map(|known| (strsim::jaro_winkler(&key, known.name), known.name));
    scored
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Returns what a key may hold.
pub(super) fn allowed(key: &str) -> Option<&'static str> {
    find(key).map(|key| key.allowed)
}

fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Sets the key `name` to `value`, which stands in the configuration of `folder`, or of the `whole`.
pub(super) fn set(
    configured: &mut Configured,
    name: &str,
    value: &Value,
    folder: &TreePath,
    whole: bool,
) -> Result<(), Wrong> {
    let key = find(name).ok_or(Wrong::Unknown)?;
    if key.of_whole && !whole {
        return Err(Wrong::OfTheWhole);
    }
    key.shape.check(value, whole)?;
    match name {
        "reuse-from" => configured.reuse_from = shape(value)?,
        "compression" => configured.compression = Some(shape(value)?),
        "uv-image" => configured.uv_image = Some(shape(value)?),
        "apt-snapshot" => configured.apt_snapshot = Some(shape(value)?),
        "exclude" => configured.exclude = shape::patterns(value)?,
        "members" => configured.members = Some(shape::patterns(value)?),
        "version" if value.is_object() => configured.versions = shape(value)?,
        "skip" => {}
        "dockerfile" => configured.dockerfile = Some(dockerfile::recipe(value)?),
        _ => set_setting(&mut configured.settings, name, value, folder)?,
    }
    Ok(())
}

/// Sets what one project may have to itself, to a value that was checked.
fn set_setting(
    settings: &mut Settings,
    name: &str,
    value: &Value,
    folder: &TreePath,
) -> Result<(), Wrong> {
    match name {
        "apk" => settings.apk = shape(value)?,
        "apt" => settings.apt = shape(value)?,
        "build-apk" => settings.build_apk = shape(value)?,
        "build-apt" => settings.build_apt = shape(value)?,
        "libc" => settings.libc = Some(shape(value)?),
        "base-image" => settings.base_image = Some(shape(value)?),
        "runtime-image" => settings.runtime_image = Some(shape(value)?),
        "image" => settings.image = Some(shape(value)?),
        "registry" => settings.registry = Some(shape(value)?),
        "tags" => settings.tags = shape(value)?,
        "command" => settings.command = Some(shape(value)?),
        "entrypoint" => settings.entrypoint = Some(shape(value)?),
        "healthcheck" => settings.healthcheck = Some(shape(value)?),
        "env" => settings.env.append(&mut shape(value)?),
        "labels" => settings.labels.append(&mut shape(value)?),
        "workdir" => settings.workdir = Some(shape(value)?),
        "secrets" => settings.secrets = secrets::secrets(value)?,
        "cache" => settings.cache = caches(value)?,
        "require-locked" => settings.require_locked = Some(shape(value)?),
        "max-image-size" => settings.budget.size = Some(shape::bytes(value)?),
        "max-layers" => settings.budget.layers = Some(shape(value)?),
        "port" => settings.port = Some(shape(value)?),
        "user" => settings.user = Some(shape(value)?),
        "python" => settings.python = Some(shape(value)?),
        "platforms" => settings.platforms = shape(value)?,
        "extras" => settings.extras = shape(value)?,
        "groups" => settings.groups = shape(value)?,
        "version" => settings.version = Some(shape(value)?),
        "include" => settings.include = include::includes(value, folder)?,
        "inputs" => settings.inputs = inputs(value, folder)?,
        "build-steps" => settings.build_steps = shape::steps(value)?,
        "test" => settings.test = Some(test::test(value)?),
        // A key of the table that nobody reads would be passed by in silence.
        _ => return Err(Wrong::Unknown),
    }
    Ok(())
}

fn caches(value: &Value) -> Result<Vec<CacheMount>, String> {
    let paths: BTreeSet<String> = shape(value)?;
    Ok(paths.into_iter().map(|target| CacheMount { target }).collect())
}

fn inputs(value: &Value, folder: &TreePath) -> Result<BTreeSet<String>, String> {
    shape::<Vec<String>>(value)?.iter().map(|text| include::at(folder, text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_sorted() {
        assert!(KEYS.is_sorted_by_key(|key| key.name));
    }
}
