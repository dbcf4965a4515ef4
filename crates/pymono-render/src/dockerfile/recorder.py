"""Notes which distributions the Python of a build has, each time that one starts.

As `sitecustomize` it is run by each Python that is started for a build. What is in no
virtual environment belongs to the image, and is none of it. Of one environment the last
start counts: a backend may ask for more once it runs, and for other versions.
"""

import os
import sys


def record(folder):
    import hashlib
    import json
    from importlib.metadata import distributions
    from urllib.parse import urlencode

    lines = set()
    for distribution in distributions():
        name, version = distribution.metadata["Name"], distribution.version
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        url = origin.get("url")
        commit = origin.get("vcs_info", {}).get("commit_id")
        if commit:
            url = f"git+{url}@{commit}"
        if url and "subdirectory" in origin:
            url += "#" + urlencode({"subdirectory": origin["subdirectory"]}, safe="/")
        lines.add(f"{name} @ {url}\n" if url else f"{name}=={version}\n")
    if lines:
        environment = hashlib.sha256(sys.prefix.encode()).hexdigest()
        with open(os.path.join(folder, environment), "w", encoding="utf-8") as file:
            file.writelines(sorted(lines))


if sys.prefix != sys.base_prefix and "PYMONO_RECORD" in os.environ:
    try:
        record(os.environ["PYMONO_RECORD"])
    except Exception as error:
        # Nobody else would hear of it, and no requirement is spelled like this.
        with open(os.path.join(os.environ["PYMONO_RECORD"], "error"), "w") as file:
            file.write(f"? {error!r}\n")
