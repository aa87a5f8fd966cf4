"""Upload local images to the image bucket, each content at most once under a key."""

import hashlib
import mimetypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.errors import CommandError
from operations.service.context import Context
from operations.service.image import NOT_VERSIONED

# Of the formats that the service reads. A test compares the two.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".heic", ".heif", ".avif"})
_MAX_KEY_BYTES = 1024  # S3's limit
_DIGEST = "sha256"  # name of the metadata that recognizes an image uploaded before


class NotAFileError(CommandError):
    """The path is neither a file nor a folder."""

    status = 2


class NoImagesError(CommandError):
    """The folders contain no images."""

    status = 2


class SameKeyError(CommandError):
    """Two files would have the same key. Upload them with different --prefix options."""

    status = 2


class InvalidKeyError(CommandError):
    """The file name is not valid as a key of S3. Rename the file."""

    status = 2


class FileNotReadableError(CommandError):
    """The file cannot be read. Run the same command again to continue with it."""


@dataclass(frozen=True, slots=True)
class LocalImage:
    """A file, and the key that it gets in the image bucket."""

    path: Path
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Upload:
    """An image in the bucket: the key of its record, and whether it was uploaded before."""

    image: LocalImage
    key: tuple[str, str]
    known: bool


def gather(paths: Iterable[Path], prefix: str) -> list[LocalImage]:
    """Return the images of files and folders, in the order of the paths.

    A folder contributes its files with an image's suffix, at any depth, without hidden files.
    Their keys have the path below the folder. A file that is named itself may have any suffix.

    Raises:
        NotAFileError: a path does not exist, or is a device, a socket or a pipe.
        InvalidKeyError: a file name cannot be a key.
        SameKeyError: two files would have one key.
        NoImagesError: the folders have no images.
    """
    images: dict[str, LocalImage] = {}
    for path in paths:
        for file, relative in _files(path):
            key = _key(file, prefix + PurePosixPath(relative).as_posix())
            if key in images and images[key].path != file:
                raise SameKeyError(f"{images[key].path} and {file}: {SameKeyError.__doc__}")
            images[key] = LocalImage(file, key, file.stat().st_size)

    if not images:
        suffixes = ", ".join(sorted(SUFFIXES))
        raise NoImagesError(f"{NoImagesError.__doc__} Images of a folder end in {suffixes}.")

    return list(images.values())


def _files(path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the files of a path, and how each is called below it."""
    if path.is_file():
        yield path, Path(path.name)
        return
    if not path.is_dir():
        state = "is not a file or a folder" if path.exists() else "does not exist"
        raise NotAFileError(f"{str(path)!r} {state}. Name image files, or folders of images.")

    for folder, folders, names in path.walk():
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = folder / name
            if not name.startswith(".") and file.suffix.lower() in SUFFIXES and file.is_file():
                yield file, file.relative_to(path)


def _key(file: Path, key: str) -> str:
    try:
        size = len(key.encode())
    except UnicodeEncodeError as exc:
        raise InvalidKeyError(
            f"{str(file)!r} is not valid UTF-8. {InvalidKeyError.__doc__}"
        ) from exc

    if size > _MAX_KEY_BYTES:
        raise InvalidKeyError(
            f"The key of {str(file)!r} has {size:,} bytes; S3 allows {_MAX_KEY_BYTES:,}."
        )

    return key


def upload(context: Context, image: LocalImage) -> Upload:
    """Upload an image, unless the same content is the current version of its key already.

    Raises:
        FileNotReadableError: the file cannot be read.
    """
    url = context.service.image_url(image.key)
    try:
        with image.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            version = _current_version(context, image.key, digest)
            if version is not None:
                return Upload(image, (url, version), known=True)

            file.seek(0)
            answer = context.aws.s3.put_object(
                Bucket=context.service.image_bucket,
                Key=image.key,
                Body=file,
                ContentType=mimetypes.guess_type(image.path)[0] or "application/octet-stream",
                Metadata={_DIGEST: digest},
            )
    except OSError as exc:
        raise FileNotReadableError(
            f"{image.path}: {exc.strerror}. {FileNotReadableError.__doc__}"
        ) from exc

    return Upload(image, (url, _version(answer.get("VersionId"), answer["ETag"])), known=False)


def _current_version(context: Context, key: str, digest: str) -> str | None:
    """Return the current version of a key if it has the content of the digest."""
    try:
        found = context.aws.s3.head_object(Bucket=context.service.image_bucket, Key=key)
    except ClientError as exc:
        if code_of(exc) not in ("404", "NoSuchKey"):
            raise
        return None

    if found["Metadata"].get(_DIGEST) != digest:
        return None

    return _version(found.get("VersionId"), found["ETag"])


def _version(version_id: str | None, etag: str) -> str:
    """Return the version as records name it: the version id, or the ETag without versioning."""
    return version_id if version_id not in (None, NOT_VERSIONED) else etag.strip('"')
