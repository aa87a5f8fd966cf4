"""Unpack a model.tar.gz into the folder of a container."""

from io import BytesIO
from pathlib import Path
from shutil import rmtree

from untrusted.archive import MODEL, UnsafeArchiveError, unpack_files
from untrusted.tar import tar_gz_files


class BadArtifactError(Exception):
    """The model artifact is not a tar.gz archive that can be unpacked safely."""


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack a model.tar.gz into a folder, which exists afterwards only if the archive was
    complete.

    Raises:
        BadArtifactError: it is not a tar.gz archive, or it is damaged, too large, or has a member
            that is not a regular file inside the folder.
    """
    partial = folder.with_name(folder.name + ".partial")
    rmtree(partial, ignore_errors=True)
    try:
        unpack_files(tar_gz_files(BytesIO(archive), MODEL), partial)
    except (UnsafeArchiveError, OSError) as exc:
        raise BadArtifactError(str(exc)) from exc

    partial.rename(folder)
