//! Steps that build one distribution each, to tell what its build requires.

use pymono_plan::{Dependencies, Recordings, Stage, StageKind};

use super::{
    COMPILE, Install,
    stage::{REQUIREMENTS, StageText, install_program},
};
use crate::pins;

/// Where Python finds the program that records what a build has.
const RECORDER: &str = "/opt/recorder";

/// The program.
pub(crate) const RECORDER_TEXT: &str = include_str!("recorder.py");

/// The name of its file.
pub(crate) const RECORDER_NAME: &str = "recorder.py";

/// Where it records, a file for each environment.
const RECORDS: &str = "/tmp/records";

/// All that it has recorded.
const RECORD: &str = "/tmp/record.txt";

/// Returns stages of which those that build something record what its build had.
pub(crate) fn recordings(Recordings { plan, stages: _, elsewhere }: &Recordings) -> String {
    let stages = plan.stages.iter().map(|stage| {
        let text = StageText { plan, stage };
        match &stage.kind {
            StageKind::Dependencies(dependencies) => {
                text.recording(dependencies, elsewhere.contains(&stage.name))
            }
            _ => text.to_string(),
        }
    });
    stages.map(|text| format!("\n{text}")).collect()
}

impl StageText<'_> {
    /// Builds the one distribution of a stage, and resolves what the Pythons of its build had.
    ///
    /// Where it has a wheel, or is needed on other platforms alone, it is built all the same, and may fail: by then its build
    /// has what it requires, or it cannot be told here.
    fn recording(&self, dependencies: &Dependencies, is_elsewhere: bool) -> String {
        let Stage { name, .. } = self.stage;
        let install = Install::of_dependencies(dependencies);
        let places = install.places();
        // What compiles byte code of the installed distribution is a Python, too, and no build.
        let program = format!(
            "UV_COMPILE_BYTECODE=0 PYMONO_RECORD={RECORDS} PYTHONPATH={RECORDER} {} --no-cache",
            install_program(dependencies)
        );
        let begin = format!("mkdir /out {RECORDS} && \\\n    ");
        let has_some = format!("[ -n \"$(ls {RECORDS})\" ]");
        let built = dependencies.requirements.iter().map(|it| format!(" --no-binary {}", it.name));
        let anyway = format!(
            "{program} --reinstall{}{places} {REQUIREMENTS} || {has_some} || touch /out/{name}.untold",
            built.collect::<String>()
        );
        let command = if is_elsewhere {
            format!("{}{begin}{{ {anyway}; }}", install.prepared())
        } else {
            let first = install.run(&format!("{begin}{program}"), REQUIREMENTS);
            format!("{first} && \\\n    {{ {has_some} || {anyway}; }}")
        };
        let compile = format!(
            "find {RECORDS} -type f -exec cat {{}} + | sort -u > {RECORD} && \\\n    \
             {{ {COMPILE} --output-file /out/{name}.txt{places} {RECORD} || touch /out/{name}.untold; }}"
        );
        let command = format!("{command} && \\\n    {compile}");
        let recorder = pins::mount(RECORDER_NAME, &format!("{RECORDER}/sitecustomize.py"));
        let run = self.mounted(dependencies, &install, command).mount(recorder);
        format!("FROM {} AS {name}\nARG TARGETARCH\n{run}", dependencies.base)
    }
}
