"""A source with a folder for each class, on disk or in S3; and the same already in splits."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws import code_of, sentence_of
from training.dataset.dataset import SPLITS, VALIDATION
from training.dataset.source import (
    LabelledImage,
    Source,
    SourceNotReadableError,
    choose,
    class_name,
    read_file,
)
from training.dataset.stored_image import object_reader

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# torchvision's ImageFolder leaves the names open; these are the ones in use.
_SPLIT_FOLDERS = {**{split: split for split in SPLITS}, "val": VALIDATION, "valid": VALIDATION}
# Links may lead to one folder from several places; more often than this, they multiply without end.
_MOST_WAYS = 100
type Readers = Mapping[str, Callable[[], bytes]]


def read_folder(root: Path, wanted: tuple[str, ...]) -> Source:
    """List a folder on disk.

    Raises:
        SourceNotReadableError: a folder cannot be read, or a link leads back to a folder above it.
        UnknownClassError, ClassNameError: it cannot be a source.
    """
    readers: dict[str, Callable[[], bytes]] = {}
    folders: list[str] = []
    loops = _Loops()
    try:
        for here, below, names in os.walk(root, onerror=_refuse, followlinks=True):
            at = Path(here)
            loops.refuse(at)
            folders += [(at / name).relative_to(root).as_posix() for name in below]
            readers |= {
                (at / name).relative_to(root).as_posix(): partial(read_file, at / name)
                for name in names
            }
    except OSError as exc:
        raise SourceNotReadableError(f"{root} cannot be read: {exc}") from exc
    return arrange(f"{root}/", readers, folders, wanted)


class _Loops:
    """Knows the folders that a walk has entered, by device and inode: links give one folder many paths."""

    def __init__(self) -> None:
        self._identities: dict[Path, tuple[int, int]] = {}
        self._ways: Counter[tuple[int, int]] = Counter()

    def refuse(self, folder: Path) -> None:
        """Raise SourceNotReadableError if the walk would go round for ever below this folder."""
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        self._identities[folder] = identity
        self._ways[identity] += 1

        for above in folder.parents:
            if self._identities.get(above) == identity:
                raise SourceNotReadableError(
                    f"{folder} is a link to {above}, which contains it. Remove the link."
                )
        if self._ways[identity] > _MOST_WAYS:
            raise SourceNotReadableError(
                f"Links lead to {folder.resolve()} in more than {_MOST_WAYS} ways. Remove some of them."
            )


def read_prefix(s3: "S3Client", url: str, wanted: tuple[str, ...]) -> Source:
    """List what lies under an S3 URL; "folders" are the parts of the keys.

    Raises:
        SourceNotReadableError, UnknownClassError, ClassNameError: it cannot be a source.
    """
    bucket, _, folder = (
        url.removeprefix("s3://").strip("/").partition("/")
    )  # a whole bucket can be a source
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
        raise SourceNotReadableError(f"{url} cannot be listed: {sentence_of(exc)}") from exc
    readers = {
        key: object_reader(s3, bucket, prefix + key)
        for key in keys
        if key and not key.endswith("/")
    }
    folders = {
        "/".join(key.split("/")[:depth]) for key in keys for depth in range(1, key.count("/") + 1)
    }
    return arrange(f"s3://{bucket}/{prefix}", readers, folders, wanted)


def arrange(root: str, readers: Readers, folders: Iterable[str], wanted: tuple[str, ...]) -> Source:
    """Find the classes and the splits among files and folders, all named relative to the root, with slashes.

    A root with a folder `train` that itself holds folders is already split; then only the folders of splits count.
    """
    visible = sorted(folder for folder in folders if not _hidden(folder))
    split = any(folder.startswith("train/") for folder in visible)
    places = {
        folder: _split_and_class(folder.split("/"), split)
        for folder in visible
        if folder.count("/") == split
    }
    classes = {place[1] for place in places.values() if place}
    if not classes:
        raise SourceNotReadableError(
            f"{root} holds no folder of a class. Give each class a folder with its images."
        )
    chosen = choose(classes, wanted)
    images, alone = [], set()
    for path in (path for path in sorted(readers) if not _hidden(path)):
        folder, name = _cut(path, 1 + split)
        place = places.get(folder) if name else None
        if place and class_name(place[1]) in chosen:
            images.append(LabelledImage(root + path, class_name(place[1]), readers[path], place[0]))
        else:
            folder, name = _cut(path, 2 if split and path.split("/")[0] in _SPLIT_FOLDERS else 1)
            alone.add(f"{folder}/" if name else folder)
    return Source(chosen, images, tuple(sorted(alone)))


def _cut(path: str, depth: int) -> tuple[str, str]:
    """The first parts of a path, and the rest."""
    parts = path.split("/")
    return "/".join(parts[:depth]), "/".join(parts[depth:])


def _split_and_class(parts: list[str], split: bool) -> tuple[str, str] | None:
    """Split and class of a folder; None for a folder beside those of the splits."""
    if not split:
        return "train", parts[0]
    return (_SPLIT_FOLDERS[parts[0]], parts[1]) if parts[0] in _SPLIT_FOLDERS else None


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _refuse(error: OSError) -> None:
    raise error
