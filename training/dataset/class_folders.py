"""Write images into folders of splits and classes that every operating system can hold.

A folder may have another name than its class, so a manifest has the classes as they are.
"""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from training.dataset.arrangement import is_of_system
from training.dataset.export import Export, ExportedImage
from training.dataset.preparation import ending
from training.project.errors import TrainingError
from untrusted.console import Console, track
from untrusted.text import as_json

MANIFEST = "manifest.jsonl"
_READERS = 16  # in parallel; a read from S3 waits about 20 milliseconds
_LONGEST = 150  # characters; file systems allow 255 bytes, and a class name has at most 100
# Windows reserves these characters, and these names of devices with any extension.
_RESERVED = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


class ImageMissingError(TrainingError):
    """Stage again, which uploads missing images."""


def write(export: Export, folder: Path, console: Console) -> None:
    """Write the prepared images to `<split>/<class>/`, and the manifest.

    Raises:
        ImageMissingError: An image is not readable.
        OSError: The folder is not writable.
    """
    names = folder_names(export.labels)
    paths = [f"{one.split}/{names[one.label]}/{one.name}" for one in export.images]
    for parent in {(folder / path).parent for path in paths}:
        parent.mkdir(parents=True, exist_ok=True)

    with ending(ThreadPoolExecutor(_READERS)) as threads:
        done = threads.map(_copy, export.images, [folder / path for path in paths])
        for _ in track(console, "Writing images", done, len(paths)):
            pass
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        for image, path in zip(export.images, paths, strict=True):
            file.write(f"{as_json(_row(image, path), indent=None)}\n")


def folder_names(labels: Iterable[str]) -> dict[str, str]:
    """Return the name of each class's folder: the class, where every system can hold it.

    Other characters are written as in a URL, `%3A` for a colon. Of names that differ by case alone,
    the later ones have a number.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for label in labels:
        name = possible = _possible(label)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{possible}~{number}"
        taken.add(name.casefold())
        names[label] = name
    return names


def _possible(label: str) -> str:
    name = _RESERVED.sub(lambda found: _escaped(found[0]), label)
    if _DEVICE.match(name) or is_of_system(name):
        name = _escaped(name[0]) + name[1:]
    name = name[:_LONGEST]
    return name[:-1] + _escaped(name[-1]) if name[-1] in ". " else name


def _escaped(character: str) -> str:
    return f"%{ord(character):02X}"


def _copy(image: ExportedImage, path: Path) -> None:
    try:
        content = image.read()
    except OSError as exc:
        raise ImageMissingError(f"{exc} {ImageMissingError.__doc__}") from exc
    path.write_bytes(content)


def _row(image: ExportedImage, path: str) -> dict[str, str]:
    reviewer = {"reviewer": image.reviewer} if image.reviewer else {}
    at = image.labelled_at.isoformat(timespec="seconds")
    return {"path": path, "label": image.label, **image.facts, "labelled_at": at, **reviewer}
