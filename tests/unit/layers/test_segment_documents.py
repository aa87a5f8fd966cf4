"""Sent subsegments match AWS's schema of segment documents, without X-Ray itself.

X-Ray Developer Guide, "X-Ray segment documents", and its xray-segmentdocument-schema-v1.0.0:
the fields that a subsegment sent by itself must have, and the limits of those that it may have.
"""

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft4Validator
from observability.xray_provider import XRayProvider, lambda_tracer

Received = Callable[[], list[dict[str, Any]]]

HEXADECIMAL = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
EXCEPTION = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": HEXADECIMAL,
        "message": {"type": "string"},
        "type": {"type": "string"},
        "remote": {"type": "boolean"},
        "stack": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string"},
                    "line": {"type": "integer"},
                    "label": {"type": "string"},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
SUBSEGMENT = {
    "type": "object",
    "required": ["name", "id", "start_time", "end_time", "trace_id", "parent_id", "type"],
    "properties": {
        "name": {"type": "string", "pattern": r"^[\w\s.:/%&#=+\\\-@]{1,200}$"},
        "id": HEXADECIMAL,
        "start_time": {"type": "number"},
        "end_time": {"type": "number"},
        "trace_id": {"type": "string", "pattern": "^1-[0-9a-f]{8}-[0-9a-f]{24}$"},
        "parent_id": HEXADECIMAL,
        "type": {"enum": ["subsegment"]},
        "namespace": {"enum": ["aws", "remote"]},
        "fault": {"type": "boolean"},
        "cause": {
            "type": "object",
            "properties": {"exceptions": {"type": "array", "items": EXCEPTION}},
        },
        "annotations": {
            "type": "object",
            "patternProperties": {
                "^[a-zA-Z0-9_]{1,500}$": {
                    "type": ["string", "number", "boolean"],
                    "maxLength": 1000,
                }
            },
            "additionalProperties": False,
        },
        "metadata": {"type": "object", "additionalProperties": {"type": "object"}},
    },
    "additionalProperties": False,
}


def problems(documents: list[dict[str, Any]]) -> list[str]:
    assert documents
    return [
        error.message for one in documents for error in Draft4Validator(SUBSEGMENT).iter_errors(one)
    ]


def test_segments_of_handler_and_methods_match_the_schema(traced_subsegments: Received) -> None:
    tracer = lambda_tracer()

    @tracer.capture_method(capture_response=False)
    def read_image() -> None:
        tracer.put_annotation("Format", "JPEG")
        tracer.put_metadata("size", {"width": 341})

    @tracer.capture_lambda_handler(capture_response=False)
    def handler(_event: Any, _context: Any) -> None:
        read_image()

    handler({}, None)
    assert [] == problems(traced_subsegments())


def test_segment_of_a_failure_matches_the_schema(traced_subsegments: Received) -> None:
    with (
        pytest.raises(ValueError, match="no pixels"),
        XRayProvider().in_subsegment("work", namespace="remote"),
    ):
        raise ValueError("no pixels")
    assert [] == problems(traced_subsegments())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("## handler", "## handler"),
        ("Größe: 1/2 @ 3 % & a=b+c\\d-e.f", "Größe: 1/2 @ 3 % & a=b+c\\d-e.f"),
        ("work.<locals>.inner(one)!", "work.locals.innerone"),
        ("n" * 201, "n" * 200),
        ("<>", "subsegment"),
    ],
)
def test_name_has_the_characters_and_the_length_that_xray_takes(
    traced_subsegments: Received, name: str, expected: str
) -> None:
    with XRayProvider().in_subsegment(name):
        pass
    sent = traced_subsegments()
    assert [] == problems(sent)
    assert [expected] == [one["name"] for one in sent]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("ColdStart", True, {"ColdStart": True}),
        ("class name", "truck", {"class_name": "truck"}),
        ("k" * 501, 1, {"k" * 500: 1}),
        ("text", "A" * 1001, {"text": "A" * 1000}),
        ("ratio", float("nan"), {"ratio": "not JSON: float"}),
    ],
)
def test_annotation_has_the_key_and_the_length_that_xray_takes(
    traced_subsegments: Received, key: str, value: Any, expected: dict[str, Any]
) -> None:
    provider = XRayProvider()
    with provider.in_subsegment("work"):
        provider.put_annotation(key, value)
    sent = traced_subsegments()
    assert [] == problems(sent)
    assert [expected] == [one["annotations"] for one in sent]


def test_forbidden_document_is_found() -> None:
    expected = [
        "'start_time' is a required property",
        "'one!' does not match",
        "'x' was unexpected",
    ]
    found = problems([{"name": "one!", "x": 1}])
    assert [] == [part for part in expected if not any(part in message for message in found)]
