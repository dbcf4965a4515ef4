"""Gives every source the time at which this cache first had its content.

Cargo compiles anew what is younger than what it made of it. The files of a
build are as old as the checkout that they come from, which says nothing about
what they hold: a file that is older than the last build may well be another one.
"""

import hashlib
import json
import os
import sys
import time


def content(folder, names, path):
    if os.path.isdir(path):
        return "\n".join(sorted(names))
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def main(root, record):
    try:
        with open(record) as file:
            before = json.load(file)
    except (OSError, ValueError):
        before = {}
    now, after = time.time(), {}
    for folder, folders, files in os.walk(root):
        for path in [folder, *(os.path.join(folder, name) for name in files)]:
            if os.path.islink(path):
                continue
            holds = content(folder, folders + files, path)
            held, since = before.get(path, (None, now))
            after[path] = (holds, since if held == holds else now)
    for path, (_, since) in after.items():
        os.utime(path, (since, since))
    with open(f"{record}.new", "w") as file:
        json.dump(after, file)
    os.replace(f"{record}.new", record)


main(*sys.argv[1:])
