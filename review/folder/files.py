"""List the image files of a folder and read them."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CommandError
from review.errors import ImageGoneError
from review.images import ImageKey
from review.pictures import MAX_BYTES, Picture, PictureGoneError, picture


class FolderNotReadableError(CommandError):
    """Name an existing folder that you may read, with images in it or in folders below it."""


class FileChangedError(ImageGoneError):
    """The file has changed since the page showed it, so it comes again later."""


@dataclass(frozen=True)
class Listing:
    """The files of a folder: a key for each, and the names that a manifest cannot hold."""

    keys: tuple[ImageKey, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Files:
    """The files of a folder and of the folders below it.

    A key holds the path below the folder, and as its version the size and time of the file.
    """

    folder: Path

    def list(self, own: frozenset[str]) -> Listing:
        """List all files but hidden ones and the review's own; links to folders are not followed.

        Args:
            own: Names of files in the folder itself that are no images.

        Raises:
            FolderNotReadableError: The folder or a folder below it cannot be read, or has no files.
        """
        keys: list[ImageKey] = []
        left_out: list[str] = []
        try:
            for here, below, names in os.walk(self.folder, onerror=_refuse):
                below[:] = sorted(name for name in below if not name.startswith("."))
                for name in sorted(names):
                    path = Path(here, name)
                    where = path.relative_to(self.folder).as_posix()
                    if name.startswith(".") or where in own or not path.is_file():
                        continue
                    if _is_plain(where):
                        keys.append(ImageKey(where, version_of(path)))
                    else:
                        left_out.append(where)
        except OSError as exc:
            message = f"{self.folder}: {exc.strerror}. {FolderNotReadableError.__doc__}"
            raise FolderNotReadableError(message) from exc
        if not keys:
            raise FolderNotReadableError(f"{self.folder} has no files. Name a folder with images.")
        return Listing(tuple(keys), tuple(left_out))

    def key(self, path: str) -> ImageKey:
        """Return the current key of a file.

        Raises:
            ImageGoneError: The file was deleted.
        """
        try:
            return ImageKey(path, version_of(self.folder / path))
        except OSError as exc:
            raise ImageGoneError(f"{path}: {exc.strerror}. Skip it.") from exc

    def content(self, key: ImageKey) -> bytes:
        """Read a file.

        Raises:
            ImageGoneError: The file was deleted, or cannot be read.
            FileChangedError: The file has changed since it was listed.
        """
        path = self.folder / key.image_url
        try:
            if version_of(path) != key.version:
                raise FileChangedError(f"{key.image_url}: {FileChangedError.__doc__}")
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError as exc:
            raise ImageGoneError(f"{key.image_url}: {exc.strerror}. Skip it.") from exc

    def digest(self, key: ImageKey) -> str:
        """Return the SHA-256 of a file.

        Raises:
            ImageGoneError, FileChangedError: As `content`.
        """
        return hashlib.sha256(self.content(key)).hexdigest()


@dataclass(frozen=True)
class FolderPictures:
    """The pictures that a page shows of the files of a folder, and of no other files."""

    files: Files
    known: frozenset[str]

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.files.folder)

    def read(self, key: ImageKey) -> Picture:
        """Read a picture.

        Raises:
            PictureGoneError: The file is not one of the folder's images, or was deleted.
            NotAPictureError: The file is not an image.
        """
        if key.image_url not in self.known:
            raise PictureGoneError(f"{key.image_url}: the folder has no such image.")
        try:
            return picture(self.files.content(key), key.image_url)
        except ImageGoneError as exc:
            raise PictureGoneError(str(exc)) from exc


def version_of(path: Path) -> str:
    """Return the size and the time of a file.

    Raises:
        OSError: The file does not exist or cannot be read.
    """
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


def _is_plain(name: str) -> bool:
    """Return whether a manifest can hold the name: UTF-8, without spaces around it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return name == name.strip()


def _refuse(error: OSError) -> None:
    raise error
