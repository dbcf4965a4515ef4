"""Notes which distributions the Python of a build has, each time that one starts.

As `sitecustomize` it is run by each Python that is started for a build. What is in no
virtual environment belongs to the image, and is none of it.
"""

import os
import sys


def record(path):
    import json
    from importlib.metadata import distributions

    with open(path, encoding="utf-8") as file:
        known = set(file)
    lines = set()
    for distribution in distributions():
        name = distribution.metadata["Name"]
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        commit = origin.get("vcs_info", {}).get("commit_id")
        if commit:
            lines.add(f"{name} @ git+{origin['url']}@{commit}\n")
        elif "url" in origin:
            lines.add(f"{name} @ {origin['url']}\n")
        else:
            lines.add(f"{name}=={distribution.version}\n")
    with open(path, "a", encoding="utf-8") as file:
        file.writelines(sorted(lines - known))


if sys.prefix != sys.base_prefix and "PYMONO_RECORD" in os.environ:
    record(os.environ["PYMONO_RECORD"])
