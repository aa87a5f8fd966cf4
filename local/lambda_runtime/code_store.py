"""The folders in which the code of functions and layers lies unpacked."""

import hashlib
import io
import shutil
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path


class CodeStore:
    """Unpacked archives, a folder for each content, so that only the first cold start of a content unpacks it."""

    def __init__(self, root: Path) -> None:
        """Start with an empty ``root``: an earlier run may have been killed while it unpacked."""
        if root.exists():
            shutil.rmtree(root)
        self._root = root
        self._complete: set[Path] = set()
        self._lock = threading.Lock()

    def folder(self, archives: Sequence[bytes]) -> Path:
        """Return the folder that holds the zip ``archives``, unpacked one over the other as layers are in /opt."""
        content = b"".join(hashlib.sha256(archive).digest() for archive in archives)
        folder = self._root / hashlib.sha256(content).hexdigest()[:32]
        with self._lock:
            if folder not in self._complete:
                folder.mkdir(parents=True, exist_ok=True)
                for archive in archives:
                    _unpack(archive, folder)
                self._complete.add(folder)
        return folder


def _unpack(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        for member in members.infolist():
            # extract() removes "..", drives and leading slashes, so nothing lands outside; it also loses the modes.
            path = Path(members.extract(member, folder))
            path.chmod(path.stat().st_mode | member.external_attr >> 16 & 0o111)
