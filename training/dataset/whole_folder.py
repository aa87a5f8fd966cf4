"""Make a folder whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from training.project.errors import TrainingError


class FolderTakenError(TrainingError):
    """Name a new or an empty folder: an export is never mixed with other files."""


class FolderNotWritableError(TrainingError):
    """Check the folder above it, its permissions and the free space of the disk."""


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a hidden folder beside the target, which gets the target's name after the block.

    If the block fails or is interrupted, nothing remains.

    Raises:
        FolderTakenError: The target has files, is a file, or is the current folder.
        FolderNotWritableError: The folder cannot be written.
    """
    try:
        place = target.resolve()
        _refuse_taken(target, place)
        partial = place.with_name(f".{place.name}.{token_hex(4)}.partial")
        try:
            partial.mkdir()
            yield partial
            partial.replace(place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as exc:
        raise FolderNotWritableError(
            f"{target} cannot be written: {exc.strerror or exc}. {FolderNotWritableError.__doc__}"
        ) from exc


def _refuse_taken(target: Path, place: Path) -> None:
    if place == Path.cwd():
        raise FolderTakenError(f"{target} is the current folder. {FolderTakenError.__doc__}")
    if place.is_dir():
        if found := next(place.iterdir(), None):
            raise FolderTakenError(f"{target} has {found.name}. {FolderTakenError.__doc__}")
    elif place.exists():
        raise FolderTakenError(f"{target} is not a folder. {FolderTakenError.__doc__}")
