"""Recognize the exports of labelling tools, one entry for each image.

Formats: SageMaker Ground Truth and Rekognition Custom Labels (augmented manifests), Label Studio
(JSON), Azure Custom Vision (the answer of GetTaggedImages), CVAT (CVAT for images, Datumaro).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element  # nosec B405 - a type

from training.project.errors import TrainingError

_METADATA = "-metadata"
_LOCAL_FILES = "/data/local-files/?d="  # of Label Studio
_UPLOADED = re.compile(r"[0-9a-f]{8}-")  # before the name of a file uploaded to Label Studio


class NotClassificationError(TrainingError):
    """Export labels of whole images: boxes and outlines are not read."""


@dataclass(frozen=True)
class Entry:
    """An image, the labels that it has, and other places where its file may be.

    `note` says why an image has no label. `fields` has further facts, such as split and group.
    """

    path: str
    labels: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    note: str = "no label"
    fields: Mapping[str, Any] = field(default_factory=dict)


def entry_of(place: str, values: Mapping[str, Any], label: str) -> Entry | None:
    """Return the entry of a JSON object, None if the object is in no known format.

    Args:
        place: Line of the object, for messages.
        values: The object.
        label: Name of the label attribute, if an object has several.

    Raises:
        NotClassificationError: The labels are not of whole images.
    """
    if "source-ref" in values:
        return _augmented(place, values, label)
    if isinstance(values.get("data"), dict) and isinstance(values.get("annotations"), list):
        return _label_studio(values)
    if isinstance(values.get("tags"), list) and "originalImageUri" in values:
        return _custom_vision(values)
    return None


def _augmented(place: str, values: Mapping[str, Any], label: str) -> Entry:
    """Read a line of SageMaker Ground Truth or Rekognition."""
    metadata = {
        name.removesuffix(_METADATA): facts
        for name, facts in values.items()
        if name.endswith(_METADATA) and isinstance(facts, dict)
    }
    chosen = {label: metadata[label]} if label in metadata else metadata
    for facts in chosen.values():
        kind = str(facts.get("type", "groundtruth/image-classification"))
        if not kind.endswith("/image-classification"):
            raise NotClassificationError(
                f"{place} has labels of {kind}. {NotClassificationError.__doc__}"
            )
    names = (facts.get("class-name") for facts in chosen.values())
    return Entry(str(values["source-ref"]), _distinct(names), fields=values)


def _label_studio(values: Mapping[str, Any]) -> Entry:
    """Read a task. Several annotators may have labelled it."""
    data = values["data"]
    # Label Studio's database orders the fields of `data` by their names.
    texts = {name: text for name, text in data.items() if isinstance(text, str)}
    image = texts.get("image") or next(iter(texts.values()), "")
    answers = [
        [result.get("value", {}) for result in annotation.get("result", [])]
        for annotation in values["annotations"]
        if not annotation.get("was_cancelled")
    ]
    if any(answers) and not any("choices" in value for answer in answers for value in answer):
        raise NotClassificationError
    choices = [
        _distinct(name for value in answer for name in value.get("choices", ()))
        for answer in answers
    ]
    different = set(filter(None, choices))
    if len(different) > 1:
        names = "; ".join(sorted(", ".join(names) for names in different))
        return Entry(image, (), note=f"annotators differ: {names}")
    return Entry(image, next(iter(different), ()), _local_names(image), fields=data)


def _custom_vision(values: Mapping[str, Any]) -> Entry:
    """Read an image of Azure Custom Vision. Its file is named by its id, or as in its address."""
    address = str(values["originalImageUri"])
    names = [f"{values.get('id')}.{suffix}" for suffix in ("jpg", "jpeg", "png", "bmp", "gif")]
    labels = _distinct(tag.get("tagName") for tag in values["tags"])
    return Entry(address, labels, (*names, *_local_names(address)))


def datumaro(content: Mapping[str, Any], subset: str) -> Iterator[Entry]:
    """Yield the images of a Datumaro file, as CVAT exports it.

    The file is `annotations/<subset>.json`, and its images are in `images/<subset>/`.
    """
    names = [one["name"] for one in content["categories"]["label"]["labels"]]
    for item in content["items"]:
        found = [one for one in item["annotations"] if one["type"] == "label"]
        if item["annotations"] and not found:
            raise NotClassificationError
        path = item.get("image", {}).get("path") or str(item["id"])
        labels = _distinct(names[one["label_id"]] for one in found)
        yield Entry(path, labels, (f"../images/{subset}/{path}", *_local_names(path)))


def cvat(root: Element) -> Iterator[Entry]:
    """Yield the images of a file of "CVAT for images"."""
    for image in root.iter("image"):
        tags = image.findall("tag")
        if len(image) and not tags:
            raise NotClassificationError
        path = image.get("name", "")
        yield Entry(path, _distinct(tag.get("label") for tag in tags), _local_names(path))


def _distinct(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def _local_names(address: str) -> tuple[str, ...]:
    """Return names that the file of an address may have beside the manifest."""
    if _LOCAL_FILES in address:
        return (unquote(address.partition(_LOCAL_FILES)[2]),)
    name = unquote(urlsplit(address).path.rpartition("/")[2])
    short = _UPLOADED.sub("", name, count=1)
    return tuple(f"{folder}{one}" for one in (name, short) for folder in ("", "images/"))
