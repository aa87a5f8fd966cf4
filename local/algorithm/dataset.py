"""Reads the image list (.lst) of a channel: what the built-in algorithm calls train_lst and validation_lst."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from local.algorithm.errors import AlgorithmError


class ImageListError(AlgorithmError):
    """An image list has lines of three TAB separated columns: a number, a class index from 0, a path in the channel."""


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image file and the index of its class."""

    path: Path
    label: int


def read_channel(data: Path, channel: str, num_classes: int) -> list[LabelledImage]:
    """The images of a channel of a job's data folder, listed by the one .lst file of the channel `<channel>_lst`.

    Raises ImageListError, naming the file and the line.
    """
    lists = sorted((data / f"{channel}_lst").glob("*.lst"))
    if len(lists) != 1:
        raise ImageListError(f"the channel {channel}_lst holds {len(lists)} .lst files; it must hold one")
    text = lists[0].read_text(encoding="utf-8")
    images = [
        labelled_image(line, f"{lists[0].name}, line {number}", data / channel, num_classes)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    if not images:
        raise ImageListError(f"{lists[0].name} lists no image")
    return images


def labelled_image(line: str, where: str, folder: Path, num_classes: int) -> LabelledImage:
    """One line of a list. `where` names it in an ImageListError."""
    columns = line.split("\t")
    if len(columns) != 3:
        raise ImageListError(f"{where}: {len(columns)} columns")
    _, label, name = columns
    if not label.isdecimal() or int(label) >= num_classes:
        raise ImageListError(f"{where}: class index {label!r} is not one of 0 to {num_classes - 1}")
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or not (folder / relative).is_file():
        raise ImageListError(f"{where}: {name!r} is no file of the channel")
    return LabelledImage(folder / relative, int(label))
