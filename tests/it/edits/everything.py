"""Prints everything in the image that it runs in, a line each, without times.

Byte code begins with the time of its source (PEP 552), so it counts from its seventeenth byte on.
"""

import hashlib
import os
import stat

GIVEN = {"/dev", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/proc", "/sys", "/.dockerenv"}


def content(path, mode):
    if stat.S_ISLNK(mode):
        return os.readlink(path)
    if not stat.S_ISREG(mode):
        return "-"
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()[16 if path.endswith(".pyc") else 0 :]).hexdigest()


for folder, folders, files in os.walk("/"):
    folders[:] = sorted(name for name in folders if os.path.join(folder, name) not in GIVEN)
    for name in sorted(folders + files):
        path = os.path.join(folder, name)
        if path not in GIVEN:
            it = os.lstat(path)
            print(path, oct(it.st_mode), it.st_uid, it.st_gid, content(path, it.st_mode))
