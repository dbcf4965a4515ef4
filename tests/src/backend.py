"""A build backend that needs nothing and does what its project's `[tool.in-tree]` says.

It makes a wheel of what lies in `src`, with a file `sources.txt` in its metadata that lists all
files around it. Before that it appends a line to the file `trace`, prints the lines of `says`,
waits `sleeps` seconds, and fails with the message `raises`.
"""

import base64
import hashlib
import pathlib
import time
import tomllib
import zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    manifest = tomllib.loads(pathlib.Path("pyproject.toml").read_text())
    project, told = manifest["project"], manifest.get("tool", {}).get("in-tree", {})
    around = sorted(str(path) for path in pathlib.Path(".").rglob("*") if path.is_file())
    # Its own byte code came here with its import.
    around = [path for path in around if not path.startswith("_build/__pycache__/")]
    if "trace" in told:
        with open(told["trace"], "a") as trace:
            trace.write(f"{project['name']}\n")
    for line in told.get("says", []):
        print(line, flush=True)
    time.sleep(told.get("sleeps", 0))
    if "raises" in told:
        raise RuntimeError(told["raises"])

    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    source = pathlib.Path("src")
    files = {str(path.relative_to(source)): path.read_bytes() for path in sorted(source.rglob("*.py"))}
    files[f"{stem}.dist-info/sources.txt"] = "\n".join(around).encode()
    files[f"{stem}.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: in-tree\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{stem}.dist-info/METADATA"] = metadata(project).encode()
    record = [f"{path},{digest(content)},{len(content)}\n" for path, content in files.items()]
    record.append(f"{stem}.dist-info/RECORD,,\n")
    files[f"{stem}.dist-info/RECORD"] = "".join(record).encode()

    name = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
    return name


def metadata(project):
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Requires-Dist: {dependency}" for dependency in project.get("dependencies", [])]
    return "\n".join(lines) + "\n"


def digest(content):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
