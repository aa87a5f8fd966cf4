"""A request for an unknown version fails at once with a named error, and leaves no record."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from ministack.services import s3

from localcloud.tests.contract.conftest import Execution, MiniStackInProcess

DEFINITIONS = Path(__file__).parents[3] / "statemachine"
SUBSTITUTIONS = {"Partition": "aws", "ConfidenceThreshold": "0.8", "ImageBucket": "images"}
VERSIONING = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
URL = "s3://images/uploads/a.png"


@pytest.fixture
def marker(ministack: MiniStackInProcess) -> Iterator[str]:
    """The version id of the delete marker of an image that is gone."""
    s3._create_bucket("images", b"", {})
    s3._put_bucket_versioning("images", VERSIONING)
    s3._put_object("images", "uploads/a.png", b"image", {})
    yield s3._delete_object("images", "uploads/a.png", {}, {})[1]["x-amz-version-id"]
    s3.reset()


def run(ministack: MiniStackInProcess, workflow: str, input: Any) -> Execution:
    text = (DEFINITIONS / f"{workflow}.asl.json").read_text()
    text = re.sub(r"\$\{(\w+)\}", lambda match: SUBSTITUTIONS.get(match[1], "name"), text)
    return ministack.run(json.loads(text)["States"], input)


FAILURE = {"execution": "arn:e", "Error": "S3.S3Exception", "Cause": "Slow down."}


@pytest.mark.parametrize("malformed", [True, False])
def test_workflow_fails_with_a_named_error_without_a_second_call(
    ministack: MiniStackInProcess, marker: str, malformed: bool
) -> None:
    version = "dsf" if malformed else marker
    execution = run(ministack, "image_classification", {"image_url": URL, "version_id": version})
    assert [
        "Read input",
        "Valid input?",
        "Find version",
        "Unknown version?",
        "No such image",
    ] == execution.entered
    assert "FAILED" == execution.status
    assert "ImageNotFoundError" == execution.error
    assert f"There is no image {URL} of version {version}." in (execution.cause or "")


@pytest.mark.parametrize("malformed", [True, False])
def test_failure_leaves_nothing_to_record(
    ministack: MiniStackInProcess, marker: str, malformed: bool
) -> None:
    request = {"image_url": URL, "version_id": "dsf" if malformed else marker}
    execution = run(ministack, "image_classification", {**request, "failure": FAILURE})
    assert ["Find version", "Unknown version?", "No such image"] == execution.entered[-3:]


@pytest.fixture
def encrypted(ministack: MiniStackInProcess) -> Iterator[str]:
    """The URL of an image that was stored with a key of its owner (SSE-C)."""
    key = b"k" * 32
    headers = {
        "algorithm": "AES256",
        "key": b64encode(key).decode(),
        "key-md5": b64encode(md5(key).digest()).decode(),
    }
    s3._create_bucket("images", b"", {})
    prefix = "x-amz-server-side-encryption-customer"
    s3._put_object(
        "images", "uploads/a.png", b"image", {f"{prefix}-{name}": headers[name] for name in headers}
    )
    yield URL
    s3.reset()


def test_image_with_a_key_of_its_owner_fails_with_a_named_error(
    ministack: MiniStackInProcess, encrypted: str
) -> None:
    execution = run(ministack, "image_classification", {"image_url": encrypted})
    assert ["Find version", "Unknown version?", "No access"] == execution.entered[-3:]
    assert "FAILED" == execution.status
    assert "ImageAccessDeniedError" == execution.error
    assert encrypted in (execution.cause or "")


def test_image_with_a_key_of_its_owner_leaves_nothing_to_record(
    ministack: MiniStackInProcess, encrypted: str
) -> None:
    execution = run(ministack, "image_classification", {"image_url": encrypted, "failure": FAILURE})
    assert ["Find version", "Unknown version?", "No access"] == execution.entered[-3:]


@pytest.mark.parametrize(
    ("failure", "following"), [({}, "Open record"), ({"failure": FAILURE}, "Explain error")]
)
def test_version_is_found_when_s3_was_busy_once(
    ministack: MiniStackInProcess,
    monkeypatch: pytest.MonkeyPatch,
    failure: dict[str, dict[str, str]],
    following: str,
) -> None:
    s3._create_bucket("images", b"", {})
    s3._put_object("images", "uploads/a.png", b"image", {})
    original, answers = s3._head_object, [s3._error("SlowDown", "Slow down.", 503)]
    monkeypatch.setattr(
        s3, "_head_object", lambda *arguments: answers.pop() if answers else original(*arguments)
    )
    execution = run(ministack, "image_classification", {"image_url": URL, **failure})
    path = ["Find version", "Unknown version?", "Find version again", "Valid input?", following]
    assert path == execution.entered[execution.entered.index("Find version") :][:5]
    s3.reset()
