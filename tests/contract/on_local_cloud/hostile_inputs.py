"""Generate valid, malformed and hostile inputs of the workflow, each with its expected result.

The expectations follow AWS's limits and are written without JSONata: an S3 key and a version id
have at most 1,024 bytes, and UTF-8 has no lone surrogates.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

DEFINITIONS = Path(__file__).parents[3] / "statemachine"
BUCKET = "images"
SUBSTITUTIONS = {
    "Partition": "aws",
    "ConfidenceThreshold": "0.8",
    "ImageBucket": BUCKET,
    "BacklogPrefix": "archive/",
    "ResultsTable": "results",
    "RecordingWorkflow": "arn:aws:states:us-east-1:000000000000:stateMachine:recording",
}
STORED = "uploads/stored.png"  # the only object of the bucket
INVALID_URL = "InvalidImageUrlError"
INVALID_THRESHOLD = "InvalidThresholdError"
NOT_FOUND = "ImageNotFoundError"

UPLOADED_AT = "2026-01-15T09:30:00Z#0055AED6DCD90281E5"
_MISSING = "missing"
_BEYOND_FLOAT = "1e400"  # JSON allows it; Python would write Infinity, which JSON lacks

_KEYS = [
    STORED,
    "uploads/",
    "uploads/truck 1+1=2 %20 #?&.png",
    'uploads/../"quoted"\\\n\t\x00\x7f\u202e.png',
    "uploads/äöü€😀.png",
    "uploads/s3://other/uploads/images/x.png",
    "archive/2019/truck.png",
    "uploads/" + "a" * 1016,
    "uploads/" + "é" * 508,
    "uploads/" + "😀" * 254,
]
_BAD_KEYS = [
    "",
    "uploads",
    "Uploads/a.png",
    "/uploads/a.png",
    "backlog/a.png",
    "uploads/" + "a" * 1017,
    "uploads/" + "a" * 5000,
    "uploads/" + "é" * 509,
    "uploads/" + "😀" * 255,
    "uploads/" + "€" * 20_000,
    "uploads/\ud800.png",
    "uploads/\udc00",
    "\udfffuploads/a.png",
]
_VERSIONS = ["v1", "version+/=version+/=version+/=version+", "v" * 1024, "é" * 512]
_BAD_VERSIONS = ["v" * 1025, "é" * 513, "v" * 5000, "\ud800", "v\udfff"]
_TIMES = ["2026-01-15T09:30:00Z", "2026-01-15T09:30:00.123Z"]
_BAD_TIMES = [
    "",
    "yesterday",
    "T" * 5000,
    "2026-01-15",
    "2026-01-15T\n",
    "2026-01-15T\ud800",
    "2026-01-15T09:30 Uhr",
]
_BAD_TYPES: list[Any] = [5, 0.5, True, ["uploads/a.png"], {"a": {"b": 1}}, [["v1"], 2], 10**30, -1]
_THRESHOLDS: list[Any] = [0, 0.0, 1e-6, 0.5, 0.123456789012345678, 1, 1.0]
_BAD_THRESHOLDS: list[Any] = [
    9.99e-7,
    1e-7,
    1e-130,
    5e-324,
    -1e-9,
    -1,
    1.0000001,
    2,
    10**40,
    "0.5",
    "",
    None,
    True,
    [0.5],
    {},
]


@dataclass(frozen=True)
class Input:
    """The text of an input and its expected result: a named error, or a record with this key."""

    text: str
    error: str | None
    image_url: str = ""
    version: str | None = None  # None: the one that S3 names


def definition(workflow: str) -> str:
    """Return the text of a workflow's definition for the bucket of the inputs."""
    text = (DEFINITIONS / f"{workflow}.asl.json").read_text(encoding="utf-8")
    return re.sub(r"\$\{(\w+)\}", lambda match: SUBSTITUTIONS.get(match[1], "name"), text)


def inputs(count: int, seed: int) -> list[Input]:
    """Return this many inputs, always the same ones for a seed."""
    random = Random(seed)
    kinds: list[Callable[[Random], Input]] = [
        *[_event] * 6,
        *[_request] * 6,
        *[_shapeless] * 2,
        _listed,
    ]
    return [random.choice(kinds)(random) for _ in range(count)]


def _field(random: Random, good: Sequence[Any], bad: Sequence[Any]) -> tuple[Any, bool]:
    """Return a value and whether it is valid; most are, so that few fields are invalid at once."""
    valid = random.random() < 0.8
    return random.choice(good if valid else bad), valid


def _event(random: Random) -> Input:
    """An S3 "Object Created" event, as S3 sends it or as anybody may type it."""
    bucket, own = _field(
        random, [BUCKET], ["other", "images2", "", None, f"{BUCKET}/uploads", *_BAD_TYPES]
    )
    key, key_valid = _field(random, _KEYS, [*_BAD_KEYS, None, *_BAD_TYPES])
    version, version_valid = _field(random, _VERSIONS, ["", *_BAD_VERSIONS, *_BAD_TYPES])
    time, time_valid = _field(random, _TIMES, [*_BAD_TIMES, None, *_BAD_TYPES])
    sequencer, sequence_valid = _field(
        random, ["0055AED6", "", None], ["\n", "S" * 5000, {"a": 1}, [1, 2], "\udc00"]
    )

    name = random.choice(["version-id", "etag"])
    stored = {"key": key, name: version, "sequencer": sequencer}
    event = {
        "detail-type": "Object Created",
        "time": time,
        "detail": {"bucket": {"name": bucket}, "object": stored},
    }
    valid = own and key_valid and version_valid and time_valid and sequence_valid
    for path in (
        (),
        ("detail",),
        ("detail", "object"),
        ("detail", "object", "key"),
        ("detail", "bucket", "name"),
    ):
        if random.random() < 0.02:
            event, valid = _without(event, path), False
    return _decided(event, key, version) if valid else Input(json.dumps(event), INVALID_URL)


def _without(event: Any, path: Sequence[str]) -> Any:
    """Return an event that lacks a field; the whole of it is a text for an empty path."""
    if not path or not isinstance(event, dict):
        return "Object Created"
    return {
        name: _without(value, path[1:]) if name == path[0] else value
        for name, value in event.items()
    }


def _request(random: Random) -> Input:
    """Make a direct request, with version and time of upload, or without."""
    key, key_valid = _field(random, _KEYS, _BAD_KEYS)
    start, own = _field(
        random,
        [f"s3://{BUCKET}/"],
        ["s3://other/", f"s3:/{BUCKET}/", f"xs3://{BUCKET}/", f"{BUCKET}/"],
    )
    url: Any = start + key
    if random.random() < 0.05:
        url, own = random.choice([None, "", "s3://", *_BAD_TYPES]), False
    version, version_valid = _field(random, [*_VERSIONS, "", None], [*_BAD_VERSIONS, *_BAD_TYPES])
    uploaded_at, time_valid = _field(
        random, [UPLOADED_AT, *_TIMES, "", None], [*_BAD_TIMES[1:], *_BAD_TYPES]
    )
    threshold, threshold_valid = _field(
        random, [*_THRESHOLDS, _MISSING], [*_BAD_THRESHOLDS, _BEYOND_FLOAT]
    )

    request = {
        "image_url": url,
        "version_id": version,
        "uploaded_at": uploaded_at,
        "confidence_threshold": threshold,
    }
    for name in ("version_id", "uploaded_at", "confidence_threshold"):
        if request[name] == _MISSING or (
            request[name] is None and name != "confidence_threshold" and random.random() < 0.5
        ):
            del request[name]
    text = json.dumps(request).replace(f'"{_BEYOND_FLOAT}"', _BEYOND_FLOAT)

    if not (own and key_valid and version_valid and time_valid):
        return Input(text, INVALID_URL)
    if not threshold_valid:
        return Input(text, INVALID_THRESHOLD)
    if version and uploaded_at:
        return Input(text, None, url, version)
    if version or key != STORED:
        return Input(text, NOT_FOUND)
    return Input(text, None, url)


def _shapeless(random: Random) -> Input:
    """JSON that is neither of the two."""
    value: Any = random.choice(
        [None, True, 0, 1e308, "", "s3://other/uploads/a.png", "\ud800", [], [[]], {}, {"": ""}]
    )
    for _ in range(random.choice([0, 1, 2, 50])):
        value = random.choice(
            [[value], {random.choice(["detail", "image_url", "Input", "😀"]): value}]
        )
    return Input(json.dumps(value), INVALID_URL)


def _listed(random: Random) -> Input:
    """A list of one of them, which JSONata would read as the one."""
    return Input(f"[{random.choice([_event, _request])(random).text}]", INVALID_URL)


def _decided(event: Any, key: str, version: str) -> Input:
    return Input(json.dumps(event), None, f"s3://{BUCKET}/{key}", version)
