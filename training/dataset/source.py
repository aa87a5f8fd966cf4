"""What every kind of source comes down to: labelled images that can be read, one after the other."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from functions.serialize_image.image_preparation import refuse_too_many_bytes
from training.dataset.dataset import OTHER, TRAIN
from training.project.errors import TrainingError

_LONGEST_NAME = 100  # bytes of UTF-8: an S3 key has 1,024 for all of its parts


class SourceNotReadableError(TrainingError):
    """The source is not there, is empty, or may not be read."""


class ClassNameError(TrainingError):
    """A class name is printable, has at most 100 bytes, no slash, no space around it, and does not begin with a dot."""


class OtherClassTakenError(TrainingError):
    """With --other no class of the source may itself be called `other`: rename it, or leave it out with --classes."""


class UnknownClassError(TrainingError):
    """A class was asked for that the source does not have, or the source has one that was not asked for."""


@dataclass(frozen=True)
class LabelledImage:
    """An image of the source, not yet read.

    `read` returns the bytes of an image file. It raises OSError where they cannot be had (also from S3), and
    ImageTooLargeError before it reads more than can be prepared.
    """

    path: str
    label: str
    read: Callable[[], bytes]
    split: str = TRAIN


@dataclass(frozen=True)
class Source:
    """The images of the chosen classes, the classes (also those without an image), and what was left alone."""

    classes: tuple[str, ...]
    images: list[LabelledImage]
    left_alone: tuple[str, ...] = ()


def read_file(path: Path) -> bytes:
    """Read an image file. Raises OSError, ImageTooLargeError."""
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no ordinary file.")
    refuse_too_many_bytes(path.stat().st_size)
    return path.read_bytes()


def class_name(text: str) -> str:
    """Return a class name as it goes into keys, in Unicode's composed form: file systems differ in that.

    Raises:
        ClassNameError: it cannot be a part of an S3 key, or of a line of a .lst file.
    """
    name = unicodedata.normalize("NFC", text)
    proper = name.isprintable() and name == name.strip() and not name.startswith(".")
    if not name or not proper or set(name) & set("/\\") or len(name.encode()) > _LONGEST_NAME:
        raise ClassNameError(f"The class is called {text!r}. {ClassNameError.__doc__}")
    return name


def choose(found: Iterable[str], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The classes to take, sorted: those that are wanted, or all where none is named.

    Raises:
        UnknownClassError: one that is wanted is not there.
    """
    there = {class_name(name) for name in found}
    missing = sorted(set(wanted) - there)
    if missing:
        raise UnknownClassError(
            f"The source has no class {', '.join(missing)}; it has {', '.join(sorted(there)) or 'none'}."
        )
    return tuple(sorted(wanted or there))


def with_counter_examples(source: Source, others: Source | None) -> Source:
    """The source, and the images of another one as one more class, `other`, in the splits that they have there.

    Raises:
        OtherClassTakenError: the source has a class of that name.
    """
    if others is None:
        return source
    if OTHER in source.classes:
        raise OtherClassTakenError
    images = [replace(image, label=OTHER) for image in others.images]
    left_alone = (*source.left_alone, *others.left_alone)
    return Source(tuple(sorted((*source.classes, OTHER))), source.images + images, left_alone)
