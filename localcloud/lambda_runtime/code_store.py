"""Store the unpacked code of functions and layers in folders."""

import hashlib
import shutil
import threading
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from untrusted.archive import Limits
from untrusted.zip import zip_files

# Lambda's quota for a function with its layers is 250 MB unpacked; AWS documents no quota for
# files.
LIMITS = Limits(members=50_000, unpacked_bytes=262_144_000)


class CodeStore:
    """Unpacked archives, one folder for each content: only the first cold start unpacks it."""

    def __init__(self, root: Path) -> None:
        """Start with an empty ``root``: an earlier process may have died during unpacking."""
        if root.exists():
            shutil.rmtree(root)
        self._root = root
        self._complete: set[Path] = set()
        self._lock = threading.Lock()

    def folder(self, archives: Sequence[bytes]) -> Path:
        """Return the folder with the zip ``archives``, unpacked in order over each other as in
        /opt.

        Raises:
            UnsafeArchiveError: an archive is damaged, too large, or could leave the folder.
        """
        content = b"".join(hashlib.sha256(archive).digest() for archive in archives)
        folder = self._root / hashlib.sha256(content).hexdigest()[:32]
        with self._lock:
            if folder not in self._complete:
                folder.mkdir(parents=True)
                try:
                    for archive in archives:
                        _unpack(archive, folder)
                except BaseException:
                    shutil.rmtree(folder)
                    raise
                self._complete.add(folder)

        return folder


def _unpack(archive: bytes, folder: Path) -> None:
    for file in zip_files(BytesIO(archive), LIMITS):
        (folder / file.path).unlink(missing_ok=True)  # a file of an earlier layer
        file.write(folder)
