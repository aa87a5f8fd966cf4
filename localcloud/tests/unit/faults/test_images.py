"""The subject of a fault, found in whatever a workflow takes as its input."""

import json
from typing import Any

import pytest

from localcloud.faults.images import image_key, key_in_text, subject_of

KEY = "uploads/a b+é#.png"
S3_EVENT = {"detail-type": "Object Created", "detail": {"bucket": {"name": "images"}, "object": {"key": KEY}}}
ENDED = {"detail": {"status": "ABORTED", "input": json.dumps(S3_EVENT)}}


@pytest.mark.parametrize(
    "document",
    [
        S3_EVENT,
        {"image_url": f"s3://images/{KEY}", "version_id": "1"},
        ENDED,
        [{"body": json.dumps(S3_EVENT)}],
        [{"body": json.dumps(ENDED)}],
    ],
    ids=["S3 event", "direct request", "status change", "undelivered event", "message of a status change"],
)
def test_image_is_found_in_every_input(document: Any) -> None:
    assert KEY == image_key(document)


@pytest.mark.parametrize(
    "document", [None, {}, [], "text", {"prefix": "archive/"}, {"image_url": "nonsense"}, [{"body": "{"}]]
)
def test_input_about_no_image_has_no_key(document: Any) -> None:
    assert image_key(document) is None


def test_text_that_is_no_json_has_no_key() -> None:
    assert key_in_text("{") is None


def test_document_about_no_image_is_told_by_its_content() -> None:
    assert subject_of({"a": 1, "b": 2}) == subject_of({"b": 2, "a": 1}) != subject_of({"a": 2})
