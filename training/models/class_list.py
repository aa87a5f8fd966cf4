"""Keep the class names that do not fit into a model card in SSM parameters of their own.

A model card is one SSM parameter of at most 8 KiB, enough for some hundred class names. Longer
lists of classes are compressed and divided among parameters below the card. Their digest is part of
their names and of the card, so a list never changes, and each version of the card keeps its list.
`functions/classify_image/class_list.py` reads them in the service.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from training.project.errors import TrainingError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import TagTypeDef

MEMBER = "class_list"  # of a model card
MAX_PARAMETERS = 10  # names in one GetParameters request, so that one request reads a list
STANDARD_BYTES = 4096  # of a parameter of the standard tier, which is free
ADVANCED_BYTES = 8192  # of a parameter of the advanced tier
MAX_TEXT_BYTES = 1 << 20  # of a list before compression, as in classify_image
# classify_image reads at most 65,536 bytes of an endpoint's answer. A number in Python's JSON has
# at most 23 characters, and a comma and a space follow it.
MAX_CLASSES = 65_536 // 25
_THRESHOLD_BYTES = 16  # of a class, compressed; `scones threshold --per-class` adds them
_APART = ("labels", "class_thresholds")


class ModelCardTooLargeError(TrainingError):
    """Shorten the class names or use fewer classes."""


class ClassListError(TrainingError):
    """Run `scones deploy`, which writes the list of classes again."""


def require_room(labels: Sequence[str]) -> None:
    """Refuse classes that a service cannot hold, before anything is trained.

    Raises:
        ModelCardTooLargeError: There are too many classes, or their names are too long together.
    """
    if len(labels) > MAX_CLASSES:
        raise ModelCardTooLargeError(
            f"There are {len(labels):,} classes. The service reads at most 65,536 bytes of a "
            f"model's answer, enough for {MAX_CLASSES:,} classes. {ModelCardTooLargeError.__doc__}"
        )
    size = len(zlib.compress(_text({"labels": list(labels)}), 9)) + _THRESHOLD_BYTES * len(labels)
    room = MAX_PARAMETERS * ADVANCED_BYTES * 3 // 4  # base64 turns three bytes into four
    if size > room:
        raise ModelCardTooLargeError(
            f"The names of the {len(labels):,} classes and a threshold for each class take "
            f"{size:,} bytes compressed, and {MAX_PARAMETERS} SSM parameters hold {room:,}. "
            f"{ModelCardTooLargeError.__doc__}"
        )


def set_aside(card: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the card without its class names, and the parts of its class lists by digest.

    Each variant of an A/B test has a list of its own; equal lists are stored once.

    Raises:
        ModelCardTooLargeError: A list of classes needs too many parameters.
    """
    lists: dict[str, list[str]] = {}

    def shortened(one: Mapping[str, Any]) -> dict[str, Any]:
        apart = _apart(one)
        text = _text(apart)
        digest = hashlib.sha256(text).hexdigest()
        lists[digest] = _parts(text)
        rest = {name: value for name, value in one.items() if name not in apart}
        return rest | {MEMBER: {"sha256": digest, "parameters": len(lists[digest])}}

    short = shortened(card)
    if "variants" in card:
        short["variants"] = {name: shortened(one) for name, one in card["variants"].items()}
    return short, lists


def put_together(card: Mapping[str, Any], read: Callable[[str, int], bytes]) -> dict[str, Any]:
    """Return the card with the class names that were set aside.

    Args:
        card: A card as SSM holds it.
        read: Returns the text of a list by its digest and its number of parameters.
    """
    whole = dict(card)
    if MEMBER in card:
        place = whole.pop(MEMBER)
        whole |= _named(json.loads(read(place["sha256"], place["parameters"])))
    if "variants" in whole:
        variants = whole["variants"]
        whole["variants"] = {name: put_together(one, read) for name, one in variants.items()}
    return whole


def write_class_list(
    ssm: "SSMClient", card: str, digest: str, parts: Sequence[str], tags: Sequence[Any]
) -> None:
    """Store the parts of a list, unless they are there: a list has its digest in its name."""
    for request in class_list_requests(card, digest, parts, tags):
        try:
            ssm.put_parameter(**request)
        except ClientError as exc:
            if code_of(exc) != "ParameterAlreadyExists":
                raise


def class_list_requests(
    card: str, digest: str, parts: Sequence[str], tags: Sequence["TagTypeDef"]
) -> Iterator[dict[str, Any]]:
    """Yield the PutParameter request of each part. AWS refuses tags together with Overwrite."""
    for name, part in zip(_names(card, digest, len(parts)), parts, strict=True):
        yield {
            "Name": name,
            "Description": "Class names of a model card, written by scones deploy",
            "Value": part,
            "Type": "String",
            "Tier": "Intelligent-Tiering",
            "Tags": list(tags),
        }


def read_class_list(ssm: "SSMClient", card: str, digest: str, parameters: int) -> bytes:
    """Return the text of a list.

    Raises:
        ClassListError: A parameter is missing, or the list is not the one that was written.
    """
    names = _names(card, digest, parameters)
    found = ssm.get_parameters(Names=names)
    if found["InvalidParameters"]:
        raise ClassListError(
            f"The list of classes {card} needs {', '.join(found['InvalidParameters'])}, which "
            f"does not exist. {ClassListError.__doc__}"
        )
    values = {one["Name"]: one["Value"] for one in found["Parameters"]}
    try:
        packed = base64.b64decode("".join(values[name] for name in names), validate=True)
        text = zlib.decompressobj().decompress(packed, MAX_TEXT_BYTES)
    except (ValueError, zlib.error) as exc:
        raise ClassListError(f"{names[0]} is damaged: {exc}. {ClassListError.__doc__}") from exc
    if hashlib.sha256(text).hexdigest() != digest:
        raise ClassListError(
            f"{names[0]} does not have the digest of its name. {ClassListError.__doc__}"
        )
    return text


def class_list_parameters(ssm: "SSMClient", card: str) -> Iterator[str]:
    """Yield the names of the parameters that hold class lists of all versions of a card."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(
        Path=f"{card}/classes", Recursive=True
    )
    for page in pages:
        for parameter in page["Parameters"]:
            yield parameter["Name"]


def _names(card: str, digest: str, parameters: int) -> list[str]:
    return [f"{card}/classes/{digest}/{number}" for number in range(parameters)]


def _apart(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members to set aside; thresholds name their class by its place.

    Cards without thresholds of classes share the list of the names.
    """
    apart = {name: card[name] for name in _APART if card.get(name)}
    if thresholds := apart.get("class_thresholds"):
        places = {label: place for place, label in enumerate(card["labels"])}
        apart["class_thresholds"] = [[places[name], one] for name, one in thresholds.items()]
    return apart


def _named(apart: dict[str, Any]) -> dict[str, Any]:
    """Return what `_apart` was given."""
    if thresholds := apart.get("class_thresholds"):
        apart["class_thresholds"] = {apart["labels"][at]: one for at, one in thresholds}
    return apart


def _text(apart: Mapping[str, Any]) -> bytes:
    return json.dumps(apart, ensure_ascii=False, separators=(",", ":")).encode()


def _parts(text: bytes) -> list[str]:
    """Return the compressed text in parts of the free tier, if ten of them hold it."""
    packed = base64.b64encode(zlib.compress(text, 9)).decode()
    size = STANDARD_BYTES if len(packed) <= MAX_PARAMETERS * STANDARD_BYTES else ADVANCED_BYTES
    parts = [packed[start : start + size] for start in range(0, len(packed), size)]
    if len(parts) > MAX_PARAMETERS or len(text) > MAX_TEXT_BYTES:
        raise ModelCardTooLargeError(
            f"The list of classes takes {len(packed):,} bytes, and {MAX_PARAMETERS} SSM "
            f"parameters hold {MAX_PARAMETERS * ADVANCED_BYTES:,}. {ModelCardTooLargeError.__doc__}"
        )
    return parts
