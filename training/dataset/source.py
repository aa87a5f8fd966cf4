"""Define the common result of all kinds of sources: labelled images that can be read one by one."""

import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from cli.names import shorten
from functions.serialize_image.image_preparation import refuse_too_many_bytes
from training.dataset.dataset import OTHER, TRAIN
from training.project.errors import TrainingError

_LONGEST_NAME = 100  # bytes of UTF-8: an S3 key has 1,024 for all of its parts


class SourceNotReadableError(TrainingError):
    """Name an existing, readable source that has images."""


class ClassNameError(TrainingError):
    """Use printable text of 1 to 100 bytes without slashes, outer spaces or a leading dot."""


class OtherClassTakenError(TrainingError):
    """Rename the source's class `other`, or exclude it with --classes: --other needs the name."""


class UnknownClassError(TrainingError):
    """Name classes that the source has, and all classes of a manifest."""


class Reason(StrEnum):
    """Why an image has a label."""

    SOURCE = "source"  # it is in the labelled source
    REVIEW = "review"  # the model was unsure of it
    AUDIT = "audit"  # it was drawn at random from all classified images


@dataclass(frozen=True)
class LabelledImage:
    """An image of the source, not yet read.

    `read` returns the bytes of the image file. It raises OSError if the file is not readable (on
    disk or in S3), and ImageTooLargeError before it reads an image that is too large to prepare.
    """

    path: str
    label: str
    read: Callable[[], bytes]
    split: str = TRAIN
    reason: Reason = Reason.SOURCE
    group: str = ""  # images of one group stay in one split


@dataclass(frozen=True)
class Source:
    """Images of the chosen classes, these classes (even without images), and ignored entries."""

    classes: tuple[str, ...]
    images: list[LabelledImage]
    left_alone: tuple[str, ...] = ()


def read_file(path: Path) -> bytes:
    """Read an image file.

    Raises:
        OSError: The file is not readable.
        ImageTooLargeError: The file is too large to prepare.
    """
    if not path.exists():  # also for a path with characters that no file system has
        raise FileNotFoundError(f"{path} does not exist.")
    if not path.is_file():
        raise OSError(f"{path} is not a regular file.")
    refuse_too_many_bytes(path.stat().st_size)
    return path.read_bytes()


def class_name(text: str) -> str:
    """Return a class name in Unicode's composed form, because file systems use different forms.

    Raises:
        ClassNameError: The name cannot be a part of an S3 key or of a line of a .lst file.
    """
    name = unicodedata.normalize("NFC", _in_utf8(text))
    proper = name.isprintable() and name == name.strip() and not name.startswith(".")
    if not name or not proper or set(name) & set("/\\") or len(name.encode()) > _LONGEST_NAME:
        raise ClassNameError(f"{text!r} is not a class name. {ClassNameError.__doc__}")
    return name


def _in_utf8(text: str) -> str:
    """Return a name from the file system in UTF-8, even if the locale has another encoding."""
    if text.isprintable():
        return text
    try:
        return os.fsencode(text).decode()
    except UnicodeError:
        return text


def choose(found: Iterable[str], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the wanted classes, sorted. Without wanted classes return all classes.

    Raises:
        UnknownClassError: The source does not have a wanted class.
    """
    there = {class_name(name) for name in found}
    missing = sorted(set(wanted) - there)
    if missing:
        available = shorten(sorted(there)) or "no classes"
        raise UnknownClassError(
            f"The source does not have the class {shorten(missing)}. It has {available}."
        )
    return tuple(sorted(wanted or there))


def differing_by_case(classes: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the groups of class names that differ by case alone."""
    groups: dict[str, list[str]] = {}
    for name in classes:
        groups.setdefault(name.casefold(), []).append(name)
    return [tuple(names) for names in groups.values() if len(names) > 1]


def grouped(source: Source, pattern: re.Pattern[str] | None) -> Source:
    """Name the groups of images without a group by the match of a pattern in their paths."""
    if pattern is None:
        return source
    images = [
        replace(image, group=found[found.re.groups and 1] or "")
        if not image.group and (found := pattern.search(image.path))
        else image
        for image in source.images
    ]
    return replace(source, images=images)


def with_negative_examples(source: Source, others: Source | None) -> Source:
    """Add the images of another source as the class `other`, in the splits that they have there.

    Raises:
        OtherClassTakenError: The source already has a class `other`.
    """
    if others is None:
        return source
    if OTHER in source.classes:
        raise OtherClassTakenError
    images = [replace(image, label=OTHER) for image in others.images]
    left_alone = (*source.left_alone, *others.left_alone)
    return Source(tuple(sorted((*source.classes, OTHER))), source.images + images, left_alone)
