//! Files of requirements against what uv compiles of them for one target.

use std::fs;

use camino::Utf8Path;
use pymono_lock::{Requirements, Selection};
use pymono_names::Target;
use pymono_tests::uv::run_uv;

use super::{
    oracle::{Export, Wheels, compare, select, targets},
    projects::Projects,
};

/// Compiles a file for one target, with what it pins already.
fn compiled(folder: &Utf8Path, file: &str, target: Target) -> Export {
    let platform = format!("{}-manylinux_2_28", target.platform.machine());
    let python = target.python.minor_version();
    let mut args = vec!["pip", "compile", "--no-deps", "--no-header", "--no-annotate", "--quiet"];
    args.extend(["--python-platform", &platform, "--python-version", &python, file]);
    Export::read(folder, &run_uv(folder, &args).unwrap())
}

fn read(folder: &Utf8Path, file: &str) -> Requirements {
    Requirements::parse(file, |path| fs::read_to_string(folder.join(path)).ok()).unwrap()
}

/// A file has neither extras nor groups.
fn nothing_more() -> Selection {
    select(&[], &[])
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn a_compiled_file_is_read_as_its_lines_say() {
    let projects = Projects::new().file(
        "apps/svc/requirements.in",
        "requests[socks]\nhttpx[http2]\nnumpy==1.26.4; python_version < '3.12'\n\
         numpy==2.1.3; python_version >= '3.12'\ncolorama; sys_platform == 'win32'\n\
         greenlet; platform_machine == 'x86_64'\n-e ../../libs/core\n",
    );
    let folder = projects.service();
    let mut count = 0;
    for annotations in ["--no-annotate", "--annotate"] {
        let mut args = vec!["pip", "compile", "--universal", "--generate-hashes", "--quiet"];
        args.extend([annotations, "--python-version", "3.11", "requirements.in"]);
        let text = run_uv(&folder, &args).unwrap();
        fs::write(folder.join("requirements.txt"), &text).unwrap();
        let file = read(&folder, "requirements.txt");
        let export = Export::read(&folder, &text);
        let selection = nothing_more();
        count += compare(&export, &Wheels::Unnamed, |target| file.close(&selection, target));
        for target in targets() {
            let export = compiled(&folder, "requirements.txt", target);
            export.assert_same_pins(&file.close(&selection, &target).unwrap(), target);
            count += 1;
        }
    }
    assert_eq!(count, 24);
}

#[test]
#[ignore = "needs uv: cargo xtask test"]
fn files_that_include_others_are_read_as_uv_does() {
    let projects = Projects::new()
        .file(
            "apps/svc/requirements/prod.txt",
            "# what runs\n-r base.txt\n-c ../constraints.txt\nhttpx[http2] # in constraints\n\
             greenlet == 3.2.4 ; platform_machine == 'x86_64'\n",
        )
        .file(
            "apps/svc/requirements/base.txt",
            "--prefer-binary\nclick==8.1.7; python_version < '3.13'\n\
             click==8.1.8; python_version >= '3.13'\n-e ../../libs/core\n",
        )
        .file("apps/svc/constraints.txt", "httpx==0.27.2\nh11==0.14.0\n")
        .file(
            "apps/svc/requirements/dev.txt",
            "-r prod.txt\n-r base.txt\npytest==8.3.3\niniconfig===2.0.0\n",
        );
    let folder = projects.service();
    let mut count = 0;
    for name in ["requirements/base.txt", "requirements/prod.txt", "requirements/dev.txt"] {
        let file = read(&folder, name);
        let selection = nothing_more();
        for target in targets() {
            let export = compiled(&folder, name, target);
            let closure = file.close(&selection, &target).unwrap();
            export.assert_same_pins(&closure, target);
            count += 1;
        }
    }
    assert_eq!(count, 18);
}
