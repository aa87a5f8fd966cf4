"""Read a channel: image files and their list (.lst), or RecordIO files (.rec)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from algorithm.errors import AlgorithmError
from algorithm.recordio import RecordIOError, image_records

RECORDIO = "application/x-recordio"
IMAGES = ("application/x-image", "image/jpeg", "image/png")


class ImageListError(AlgorithmError):
    """A line of an image list has a number, a class index from 0 and a path, separated by TAB."""


class ChannelError(AlgorithmError):
    """A channel needs RecordIO (.rec) files, or images and a list in the channel NAME_lst."""


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image, the index of its class, and its name in messages."""

    name: str
    label: int
    source: Path | bytes

    def read(self) -> bytes:
        """Return the image file."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


def content_types(path: Path) -> Mapping[str, str]:
    """Return the content types of the channels that have one, from inputdataconfig.json.

    Raises:
        ChannelError: the file is not the JSON that SageMaker writes.
    """
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
    """Return the images of a channel of a job's data folder.

    A channel without a content type is RecordIO if the channel `<channel>_lst` is missing.

    Raises:
        ChannelError: the channel has no images, or an unknown content type.
        ImageListError: a line of the list is invalid; the message names file and line.
        RecordIOError: a record is damaged; the message names file and position.
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
        raise ChannelError(f"{channel} has no image")
    return images


def recorded(folder: Path, num_classes: int) -> Iterator[LabelledImage]:
    """Return the images in the .rec files of a channel."""
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
                        f"image {number}: label {record.label:g} "
                        f"is not one of 0 to {num_classes - 1}"
                    )
                yield LabelledImage(f"{file.name}, image {number}", int(record.label), record.image)
        except RecordIOError as error:
            raise RecordIOError(f"{file.name}: {error.detail}") from error


def listed(data: Path, channel: str, num_classes: int) -> Iterator[LabelledImage]:
    """Return the image files that the .lst file of the channel `<channel>_lst` lists."""
    lists = sorted((data / f"{channel}_lst").glob("*.lst"))
    if len(lists) != 1:
        raise ImageListError(
            f"the channel {channel}_lst has {len(lists)} .lst files; it must have one"
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
    """Parse one line of a list. `where` names it in an ImageListError."""
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
        raise ImageListError(f"{where}: {name!r} is not a file of the channel")
    return LabelledImage(str(folder / relative), int(index), folder / relative)
