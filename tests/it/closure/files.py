"""Prints what is installed beside the interpreter that runs this, as JSON.

`distributions` has the version of each by its name, `files` the SHA-256 of every file by its path in
the environment, without byte code, which holds times.
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
    elif path.is_file() and path.suffix != ".pyc":
        files[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
for distribution in importlib.metadata.distributions(path=[p for p in sys.path if p.startswith(sys.prefix)]):
    name = distribution.metadata["Name"]
    records[f"{name}=={distribution.version}"] = sorted(
        f"{path} {path.hash.value if path.hash else None}" for path in distribution.files
    )
json.dump({"records": records, "files": files}, sys.stdout, sort_keys=True)
