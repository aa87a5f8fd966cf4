"""Reads a channel: image files and their list (.lst), or RecordIO files (.rec)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from algorithm.errors import AlgorithmError
from algorithm.recordio import RecordIOError, image_records

RECORDIO = "application/x-recordio"
IMAGES = ("application/x-image", "image/jpeg", "image/png")


class ImageListError(AlgorithmError):
    """An image list has lines of three TAB separated columns: a number, a class index from 0, a path in the channel."""


class ChannelError(AlgorithmError):
    """A channel holds images with an image list in the channel of the same name and _lst, or RecordIO (.rec) files."""


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image, the index of its class, and what to call it in a message."""

    name: str
    label: int
    source: Path | bytes

    def read(self) -> bytes:
        """The image file."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


def content_types(path: Path) -> Mapping[str, str]:
    """The content types of the channels that have one, from inputdataconfig.json. Raises ChannelError."""
    if not path.exists():
        return {}
    try:
        channels = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: channel["ContentType"]
            for name, channel in channels.items()
            if "ContentType" in channel
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ChannelError(f"{path.name}: {error}") from error


def read_channel(
    data: Path, channel: str, num_classes: int, content_type: str | None = None
) -> list[LabelledImage]:
    """The images of a channel of a job's data folder.

    Without a content type, it is RecordIO if there is no channel `<channel>_lst`.

    Raises:
        ChannelError, ImageListError, RecordIOError: naming the file, and the line or the image.
    """
    if content_type not in (None, RECORDIO, *IMAGES):
        raise ChannelError(f"{channel} has the content type {content_type}")
    is_recordio = content_type == RECORDIO or (
        content_type is None and not (data / f"{channel}_lst").exists()
    )
    images = list(
        recorded(data / channel, num_classes) if is_recordio else listed(data, channel, num_classes)
    )
    if not images:
        raise ChannelError(f"{channel} holds no image")
    return images


def recorded(folder: Path, num_classes: int) -> Iterator[LabelledImage]:
    """The images in the .rec files of a channel."""
    files = sorted(folder.rglob("*.rec"))
    if not files:
        raise ChannelError(
            f"{folder.name} holds neither a .rec file nor, in {folder.name}_lst, an image list"
        )
    for file in files:
        try:
            for number, record in enumerate(image_records(file.read_bytes())):
                if record.label not in range(num_classes):
                    raise RecordIOError(
                        f"image {number}: label {record.label:g} is not one of 0 to {num_classes - 1}"
                    )
                yield LabelledImage(f"{file.name}, image {number}", int(record.label), record.image)
        except RecordIOError as error:
            raise RecordIOError(f"{file.name}: {error.detail}") from error


def listed(data: Path, channel: str, num_classes: int) -> Iterator[LabelledImage]:
    """The image files that are listed by the one .lst file of the channel `<channel>_lst`."""
    lists = sorted((data / f"{channel}_lst").glob("*.lst"))
    if len(lists) != 1:
        raise ImageListError(
            f"the channel {channel}_lst holds {len(lists)} .lst files; it must hold one"
        )
    try:
        lines = lists[0].read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ImageListError(f"{lists[0].name}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield labelled_image(
                line, f"{lists[0].name}, line {number}", data / channel, num_classes
            )


def labelled_image(line: str, where: str, folder: Path, num_classes: int) -> LabelledImage:
    """One line of a list. `where` names it in an ImageListError."""
    columns = line.split("\t")
    if len(columns) != 3:
        raise ImageListError(f"{where}: {len(columns)} columns")
    _, label, name = columns
    try:
        index = float(label)  # MXNet's own tool, im2rec, writes 1.000000
    except ValueError:
        index = -1
    if index not in range(num_classes):
        raise ImageListError(f"{where}: class index {label!r} is not one of 0 to {num_classes - 1}")
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or not (folder / relative).is_file():
        raise ImageListError(f"{where}: {name!r} is no file of the channel")
    return LabelledImage(str(folder / relative), int(index), folder / relative)
