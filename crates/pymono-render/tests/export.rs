//! Pins of every kind in every form.

#![expect(clippy::unwrap_used, reason = "a lock that cannot be read is a failed test")]

use insta::assert_snapshot;
use pymono_lock::{Closure, Lock, PoetryLock, Requirements, Selection};
use pymono_names::{Libc, Platform, Target};
use pymono_render::{ExportError, ExportFormat, export};

const UV: &str = r#"version = 1
[[package]]
name = "svc"
version = "1"
source = { editable = "." }
dependencies = [
    { name = "boxed" }, { name = "compiled" }, { name = "flat" }, { name = "kept" }, { name = "packed" }, { name = "wheel" },
]
[[package]]
name = "boxed"
version = "1.0"
source = { path = "vendor/boxed-1.0-py3-none-any.whl" }
wheels = [{ filename = "boxed-1.0-py3-none-any.whl", hash = "sha256:b0" }]
[[package]]
name = "compiled"
version = "2.0"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/compiled-2.0.tar.gz", hash = "sha256:c0", size = 7 }
[[package]]
name = "flat"
version = "1.0"
source = { registry = "links" }
wheels = [{ path = "flat-1.0-py3-none-any.whl" }]
[[package]]
name = "kept"
version = "0.3"
source = { git = "https://git.example/r?subdirectory=sub&tag=v0.3#ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a" }
[[package]]
name = "packed"
version = "1.0"
source = { url = "https://files.example/packed.tar.gz#egg=packed", subdirectory = "inner" }
sdist = { hash = "sha256:d0" }
[[package]]
name = "wheel"
version = "1.0+cpu"
source = { registry = "https://index.example/simple" }
sdist = { url = "https://files.example/wheel-1.0.tar.gz", hash = "sha256:e0" }
wheels = [
    { url = "https://files.example/wheel-1.0%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl", hash = "sha256:e2", size = 9 },
    { url = "https://files.example/wheel-1.0%2Bcpu-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:e1", size = 8 },
    { url = "https://files.example/wheel-1.0%2Bcpu-cp312-cp312-win_amd64.whl", hash = "sha256:e3" },
]
"#;

const POETRY: &str = r#"[[package]]
name = "named"
version = "1.0"
groups = ["main"]
files = [{ file = "named-1.0-py3-none-any.whl", hash = "sha256:a0" }]
[metadata]
lock-version = "2.1"
"#;

fn target() -> Target {
    Target { python: "3.12".parse().unwrap(), platform: Platform::Amd64, libc: Libc::Glibc }
}

fn selection() -> Selection {
    Selection::production("svc".parse().unwrap())
}

fn of_uv() -> Closure {
    Lock::parse("uv.lock", UV).unwrap().close(&selection(), &target()).unwrap()
}

/// A closure of which the index is the installer's, with names of files but no places.
fn of_poetry() -> Closure {
    let lock = PoetryLock::parse("poetry.lock", POETRY, "[project]\nname = \"svc\"\n").unwrap();
    lock.close(&selection(), &target()).unwrap()
}

/// A closure with hashes of files that have no names.
fn of_requirements() -> Closure {
    let text = "unnamed==1.0 --hash=sha256:b1 --hash=sha256:b0\nloose==2.0\n";
    let read = |path: &str| (path == "requirements.txt").then(|| text.to_owned());
    let lock = Requirements::parse("requirements.txt", read).unwrap();
    lock.close(&selection(), &target()).unwrap()
}

fn written(closure: &Closure, format: ExportFormat) -> String {
    export(closure, target(), format).unwrap()
}

#[test]
fn requirements_are_in_order_and_have_the_hashes_of_what_fits() {
    assert_snapshot!(written(&of_uv(), ExportFormat::Requirements), @r"
    ./vendor/boxed-1.0-py3-none-any.whl \
        --hash=sha256:b0
    compiled==2.0 \
        --hash=sha256:c0
    flat==1.0
    kept @ git+https://git.example/r@ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a#subdirectory=sub
    packed @ https://files.example/packed.tar.gz#egg=packed&subdirectory=inner \
        --hash=sha256:d0
    wheel==1.0+cpu \
        --hash=sha256:e1 \
        --hash=sha256:e2
    ");
}

#[test]
fn a_standard_lock_has_a_place_for_each_file() {
    assert_snapshot!(written(&of_uv(), ExportFormat::Pylock), @r#"
    lock-version = "1.0"
    environments = ["platform_machine == 'x86_64' and sys_platform == 'linux'"]
    requires-python = "==3.12.*"
    created-by = "pymono"

    [[packages]]
    name = "boxed"
    version = "1.0"

    [packages.archive]
    path = "vendor/boxed-1.0-py3-none-any.whl"

    [packages.archive.hashes]
    sha256 = "b0"

    [[packages]]
    name = "compiled"
    version = "2.0"
    index = "https://index.example/simple"

    [packages.sdist]
    name = "compiled-2.0.tar.gz"
    url = "https://files.example/compiled-2.0.tar.gz"
    size = 7

    [packages.sdist.hashes]
    sha256 = "c0"

    [[packages]]
    name = "flat"
    version = "1.0"

    [[packages.wheels]]
    name = "flat-1.0-py3-none-any.whl"
    path = "links/flat-1.0-py3-none-any.whl"

    [packages.wheels.hashes]

    [[packages]]
    name = "kept"
    version = "0.3"

    [packages.vcs]
    type = "git"
    url = "https://git.example/r"
    commit-id = "ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a"
    subdirectory = "sub"

    [[packages]]
    name = "packed"
    version = "1.0"

    [packages.archive]
    url = "https://files.example/packed.tar.gz#egg=packed"
    subdirectory = "inner"

    [packages.archive.hashes]
    sha256 = "d0"

    [[packages]]
    name = "wheel"
    version = "1.0+cpu"
    index = "https://index.example/simple"

    [[packages.wheels]]
    name = "wheel-1.0+cpu-cp312-cp312-manylinux_2_17_x86_64.whl"
    url = "https://files.example/wheel-1.0%2Bcpu-cp312-cp312-manylinux_2_17_x86_64.whl"
    size = 8

    [packages.wheels.hashes]
    sha256 = "e1"

    [[packages.wheels]]
    name = "wheel-1.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl"
    url = "https://files.example/wheel-1.0%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl"
    size = 9

    [packages.wheels.hashes]
    sha256 = "e2"
    "#);
}

#[test]
fn json_tells_what_must_be_compiled() {
    assert_snapshot!(written(&of_uv(), ExportFormat::Json), @r#"
    {
      "version": 1,
      "target": {
        "python": "3.12",
        "platform": "linux/amd64",
        "libc": "glibc"
      },
      "pins": [
        {
          "name": "boxed",
          "version": "1.0",
          "source": "path+vendor/boxed-1.0-py3-none-any.whl",
          "requirement": "./vendor/boxed-1.0-py3-none-any.whl",
          "hashes": [
            "sha256:b0"
          ],
          "from_source": false
        },
        {
          "name": "compiled",
          "version": "2.0",
          "source": "index+https://index.example/simple",
          "requirement": "compiled==2.0",
          "hashes": [
            "sha256:c0"
          ],
          "from_source": true
        },
        {
          "name": "flat",
          "version": "1.0",
          "source": "index+links",
          "requirement": "flat==1.0",
          "hashes": [],
          "from_source": false
        },
        {
          "name": "kept",
          "version": "0.3",
          "source": "git+https://git.example/r@ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a",
          "requirement": "kept @ git+https://git.example/r@ad74a2621fd6f5a6d63fbbfe02a098ca8dcd5c7a#subdirectory=sub",
          "hashes": [],
          "from_source": true
        },
        {
          "name": "packed",
          "version": "1.0",
          "source": "url+https://files.example/packed.tar.gz#egg=packed",
          "requirement": "packed @ https://files.example/packed.tar.gz#egg=packed&subdirectory=inner",
          "hashes": [
            "sha256:d0"
          ],
          "from_source": true
        },
        {
          "name": "wheel",
          "version": "1.0+cpu",
          "source": "index+https://index.example/simple",
          "requirement": "wheel==1.0+cpu",
          "hashes": [
            "sha256:e1",
            "sha256:e2"
          ],
          "from_source": false
        }
      ]
    }
    "#);
}

#[test]
fn what_a_lock_does_not_tell_is_not_made_up() {
    let text = written(&of_poetry(), ExportFormat::Requirements);
    assert_eq!(text, "named==1.0 \\\n    --hash=sha256:a0\n");
    let text = written(&of_requirements(), ExportFormat::Requirements);
    assert_eq!(
        text,
        "loose==2.0\nunnamed==1.0 \\\n    --hash=sha256:b0 \\\n    --hash=sha256:b1\n"
    );

    for (closure, package) in [(of_poetry(), "named"), (of_requirements(), "loose")] {
        let error = export(&closure, target(), ExportFormat::Pylock).unwrap_err();
        assert_eq!(error, ExportError::NoPlace { package: package.parse().unwrap() });
        assert!(error.hint().is_some());
    }
    let json = written(&of_poetry(), ExportFormat::Json);
    assert!(
        json.contains("\"source\": \"index\"") && json.contains("\"from_source\": false"),
        "{json}"
    );
    let json = written(&of_requirements(), ExportFormat::Json);
    assert_eq!(json.matches("\"from_source\": null").count(), 2, "{json}");
}
