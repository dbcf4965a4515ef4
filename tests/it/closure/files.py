"""Prints what is installed beside the interpreter that runs this, as JSON.

`records` has the lines of every distribution's RECORD by `name==version`, `files` the SHA-256 of every
file by its path in the environment; byte code holds times, so of it there is the path alone.
"""

import hashlib
import importlib.metadata
import json
import pathlib
import sys

root = pathlib.Path(sys.prefix)
files = {}
records = {}
for path in sorted(root.rglob("*")):
    if path.is_symlink():
        files[str(path.relative_to(root))] = f"-> {path.readlink()}"
    elif path.suffix == ".pyc":
        files[str(path.relative_to(root))] = "byte code"
    elif path.is_file():
        files[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
inside = [path for path in sys.path if path.startswith(sys.prefix)]
for distribution in importlib.metadata.distributions(path=inside):
    name = distribution.metadata["Name"]
    records[f"{name}=={distribution.version}"] = sorted(
        f"{path} {path.hash.value if path.hash else None}" for path in distribution.files
    )
json.dump({"records": records, "files": files}, sys.stdout, sort_keys=True)
