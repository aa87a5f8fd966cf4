"""Read a source with a folder for each class, on disk or in S3, with or without splits."""

import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws import code_of, sentence_of
from cli.s3_url import require_utf8
from training.dataset.arrangement import arrange, is_of_system
from training.dataset.source import Source, SourceNotReadableError, read_file
from training.dataset.stored_image import object_reader

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Several links may lead to one folder. Beyond this number they multiply without end.
_MOST_PATHS = 100


def read_folder(root: Path, wanted: tuple[str, ...]) -> Source:
    """List a folder on disk.

    Raises:
        SourceNotReadableError: A folder is not readable, or a link leads to a folder above it.
        UnknownClassError: The folder does not have a wanted class.
        SplitFolderError: The folders are splits that cannot be used, or look like splits.
    """
    readers: dict[str, Callable[[], bytes]] = {}
    folders: list[str] = []
    loops = _Loops()
    try:
        for here, below, names in os.walk(root, onerror=_refuse, followlinks=True):
            at = Path(here)
            loops.refuse(at)
            folders += [(at / name).relative_to(root).as_posix() for name in below]
            below[:] = [name for name in below if name in wanted or not is_of_system(name)]
            readers |= {
                (at / name).relative_to(root).as_posix(): partial(read_file, at / name)
                for name in names
            }
    except OSError as exc:
        raise SourceNotReadableError(f"{root} is not readable: {exc}") from exc
    return arrange(f"{root}/", readers, folders, wanted)


class _Loops:
    """Folders that a walk has entered, by device and inode: links give one folder many paths."""

    def __init__(self) -> None:
        self._identities: dict[Path, tuple[int, int]] = {}
        self._paths: Counter[tuple[int, int]] = Counter()

    def refuse(self, folder: Path) -> None:
        """Refuse a folder that makes the walk endless.

        Raises:
            SourceNotReadableError: A link leads to a folder above it, or links multiply.
        """
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        self._identities[folder] = identity
        self._paths[identity] += 1

        for above in folder.parents:
            if self._identities.get(above) == identity:
                raise SourceNotReadableError(
                    f"{folder} is a link to {above}, which contains it. Remove the link."
                )
        if self._paths[identity] > _MOST_PATHS:
            raise SourceNotReadableError(
                f"More than {_MOST_PATHS} paths lead to {folder.resolve()}. Remove some links."
            )


def read_prefix(s3: "S3Client", url: str, wanted: tuple[str, ...]) -> Source:
    """List the objects under an S3 URL. The parts of the keys are the folders.

    Raises:
        SourceNotReadableError: S3 does not list the bucket, or no key has a class folder.
        InvalidS3UrlError: The URL is not UTF-8.
        UnknownClassError: The prefix does not have a wanted class.
        SplitFolderError: The folders are splits that cannot be used, or look like splits.
    """
    require_utf8(url)
    # A whole bucket can be a source.
    bucket, _, folder = url.removeprefix("s3://").strip("/").partition("/")
    prefix = f"{folder}/" if folder else ""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    try:
        keys = [
            listed["Key"].removeprefix(prefix)
            for page in pages
            for listed in page.get("Contents", [])
        ]
    except ClientError as exc:
        if code_of(exc) not in ("NoSuchBucket", "AccessDenied"):
            raise
        raise SourceNotReadableError(
            f"{url} cannot be listed: {sentence_of(exc)} Check the bucket's name, the account and "
            "the region."
        ) from exc

    readers = {
        key: object_reader(s3, bucket, prefix + key)
        for key in keys
        if key and not key.endswith("/")
    }
    folders = {
        "/".join(key.split("/")[:depth]) for key in keys for depth in range(1, key.count("/") + 1)
    }
    return arrange(f"s3://{bucket}/{prefix}", readers, folders, wanted)


def _refuse(error: OSError) -> None:
    raise error
