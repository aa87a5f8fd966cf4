"""Model artifacts: unpack a model.tar.gz where a container finds its model."""

import tarfile
from io import BytesIO
from pathlib import Path
from shutil import rmtree

# Unpacked; what the smallest hosting instances leave for a model, and far above the few MB of ours.
MAX_UNPACKED_BYTES = 4 * 1024**3


class BadArtifactError(Exception):
    """The model artifact is not a tar.gz archive that can be unpacked safely."""


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack a model.tar.gz into a folder, which exists afterwards only if the archive was good to its end.

    Raises:
        BadArtifactError: no tar.gz, damaged, too large, or with a member that would land outside the folder.
    """
    partial = folder.with_name(folder.name + ".partial")
    rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _extract(archive, partial)
    except (tarfile.TarError, OSError, EOFError, ValueError) as exc:
        rmtree(partial)
        raise BadArtifactError(str(exc)) from exc
    partial.rename(folder)


def _extract(archive: bytes, folder: Path) -> None:
    unpacked = 0
    with tarfile.open(fileobj=BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            unpacked += member.size
            if unpacked > MAX_UNPACKED_BYTES:
                raise tarfile.TarError(f"it unpacks to more than {MAX_UNPACKED_BYTES} bytes")
            # "data": no absolute paths, no .., no links that leave the folder, no devices.
            tar.extract(member, folder, filter="data")
