"""Find the subject of a fault in the input of a workflow."""

import json
from typing import Any

import pytest

from localcloud.faults.subjects import digest_of, find_subject, find_subject_in_text

KEY = "orders/a b+é#.png"
MEMBERS = ("document", "picture")
S3_EVENT = {
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "files"}, "object": {"key": KEY}},
}
REQUEST = {"picture": f"s3://files/{KEY}", "version": "1"}
ENDED = {"detail": {"status": "ABORTED", "input": json.dumps(REQUEST)}}


@pytest.mark.parametrize(
    "document",
    [S3_EVENT, REQUEST, ENDED, [{"body": json.dumps(S3_EVENT)}], [{"body": json.dumps(ENDED)}]],
    ids=[
        "S3 event",
        "direct request",
        "status change",
        "undelivered event",
        "message of a status change",
    ],
)
def test_object_is_found_in_every_input(document: Any) -> None:
    assert KEY == find_subject(document, MEMBERS)


def test_member_that_is_named_first_counts() -> None:
    assert "a" == find_subject({"picture": "s3://files/b", "document": "s3://files/a"}, MEMBERS)


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        [],
        "text",
        {"prefix": "archive/"},
        {"picture": "nonsense"},
        {"picture": 1},
        [{"body": "{"}],
    ],
)
def test_input_without_an_object_has_no_subject(document: Any) -> None:
    assert find_subject(document, MEMBERS) is None


def test_member_outside_the_plan_is_not_a_subject() -> None:
    assert find_subject(REQUEST, ()) is None


def test_text_that_is_not_json_has_no_subject() -> None:
    assert find_subject_in_text("{", MEMBERS) is None


def test_equal_documents_have_one_digest() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})
