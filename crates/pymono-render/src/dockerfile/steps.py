"""Runs the build steps of one service and gathers what they make or change."""

import json
import os
import shutil
import stat
import subprocess
import sys

MADE = "/made"
HOME = "/app"
VENV = HOME + "/.venv"

# What tools leave behind, and nobody wants in an image.
LITTER = {".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "node_modules"}


def is_in(path, folder):
    return path == folder or path.startswith(folder + "/")


def mounts():
    """Returns what is mounted: nothing in there is made here."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        paths = [line.split(" ")[4] for line in file]
    return {path.encode().decode("unicode_escape") for path in paths}


def look(roots):
    """Returns what lies in `roots`, each file with what changes when it is written to."""
    mounted, found, waiting = mounts(), {}, list(roots)
    while waiting:
        for entry in os.scandir(waiting.pop()):
            path, state = entry.path, entry.stat(follow_symlinks=False)
            if path in mounted or path == VENV + "/.lock":
                continue
            if stat.S_ISDIR(state.st_mode):
                if is_in(path, VENV) or entry.name not in LITTER:
                    found[path] = None
                    waiting.append(path)
            elif stat.S_ISREG(state.st_mode) or stat.S_ISLNK(state.st_mode):
                times = (state.st_mtime_ns, state.st_ctime_ns)
                found[path] = (state.st_mode, state.st_size, state.st_ino, times)
    return found


def changed(before, after):
    different = (path for path in after if path not in before or before[path] != after[path])
    return sorted(different)


def run(steps, folder):
    """Runs the steps one after the other; a string is for the shell."""
    for number, step in enumerate(steps, 1):
        shown = step if isinstance(step, str) else " ".join(step)
        failed = "pymono: build step %d of %d, `%s`, " % (number, len(steps), shown)
        command = ["/bin/sh", "-e", "-c", step] if isinstance(step, str) else step
        print("+ " + shown, flush=True)
        try:
            code = subprocess.run(command, cwd=folder).returncode
        except OSError as error:
            sys.exit(failed + "cannot be started: %s" % error)
        if code:
            sys.exit(failed + "failed with exit code %d" % code)


def install(package, folder, names):
    """Installs the service anew, from what it consists of as the steps have left it."""
    source = os.path.join("/src", package["path"])
    os.makedirs(source)
    for name in names:
        path, place = os.path.join(folder, name), os.path.join(source, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.copytree(path, place, symlinks=True)
        elif os.path.lexists(path):
            shutil.copy2(path, place, follow_symlinks=False)
    if package["metadata"]:
        with open(os.path.join(source, "PKG-INFO"), "w", encoding="utf-8") as file:
            file.write(package["metadata"])
    variables = dict(os.environ, **package["variables"])
    # For builds, what lies in the folder is there to be imported.
    variables.pop("PYTHONSAFEPATH", None)
    if package["backend"]:
        variables["PATH"] = package["backend"] + "/bin:" + variables["PATH"]
        variables["PYTHONPATH"] = package["backend"]
    print("+ the steps changed the sources, so they are installed anew", flush=True)
    code = subprocess.run(package["command"] + [source], env=variables).returncode
    if code:
        sys.exit("pymono: what the build steps made of the sources cannot be installed")


def make_folder(path):
    """Makes a folder below `MADE` like that at `path`, with all above it."""
    if os.path.isdir(MADE + path):
        return
    if path != "/":
        make_folder(os.path.dirname(path))
    os.mkdir(MADE + path)
    shutil.copystat(path, MADE + path)


def settle():
    """Gives all that was made the one time that everything in an image has."""
    time = int(os.environ["SOURCE_DATE_EPOCH"])
    for folder, folders, files in os.walk(MADE):
        for name in folders + files:
            os.utime(os.path.join(folder, name), (time, time), follow_symlinks=False)


def gather(paths):
    make_folder("/")
    for path in paths:
        if os.path.isdir(path) and not os.path.islink(path):
            make_folder(path)
        else:
            make_folder(os.path.dirname(path))
            shutil.copy2(path, MADE + path, follow_symlinks=False)
    settle()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    folder, package = plan["workdir"], plan["package"]
    roots = [HOME] if is_in(folder, HOME) else [HOME, folder]
    names = {name for name in os.listdir(folder) if os.path.join(folder, name) != VENV}
    before = look(roots)
    run(plan["steps"], folder)
    if package:
        # New names beside the sources are results. What changes in a folder of theirs is source.
        own = {os.path.join(folder, name) for name in names}
        paths = changed(before, look([folder]))
        if any(is_in(path, source) for path in paths for source in own):
            install(package, folder, sorted(names))
    gather(changed(before, look(roots)))


if __name__ == "__main__":
    main()
