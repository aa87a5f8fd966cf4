"""List the content of a folder, to compare it before and after."""

import stat
from pathlib import Path


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return kind, permissions and content of every entry of a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path.relative_to(folder))] = (status.st_mode, content)
    return found
