"""Both workflows record any input under its own key, or refuse it with a named error."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from typing import Any

import pytest
from ministack.services import dynamodb, s3

from localcloud.tests.contract.conftest import ACCOUNT, ROLE_ARN, MiniStackInProcess
from tests.contract.on_local_cloud.hostile_inputs import (
    BUCKET,
    INVALID_THRESHOLD,
    INVALID_URL,
    NOT_FOUND,
    STORED,
    UPLOADED_AT,
    Input,
    definition,
    inputs,
)

# The only states of a refused input: none of them calls a service.
REFUSING = {"Read input", "Valid input?", "Invalid image URL", "Invalid threshold"}
# The workflows call a missing function, so accepted input ends here and is recorded as FAILED.
ACCEPTED = "Lambda.ResourceNotFoundException"


@dataclass(frozen=True)
class Ended:
    """The end of an execution, and the keys of the records that it left."""

    status: str
    error: str | None
    cause: str | None
    entered: list[str]
    records: list[tuple[str, str]]


class Workflows:
    """Both workflows that record, with an image bucket and a results table."""

    def __init__(self, ministack: MiniStackInProcess) -> None:
        self._ministack = ministack

    def run(self, workflow: str, text: str, without_table: bool = False) -> Ended:
        """Run a workflow on the text of an input, with an empty results table or without one."""
        table = dynamodb._tables["results"]
        table["items"].clear()
        if without_table:
            del dynamodb._tables["results"]
        arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{workflow}"
        interpreter = self._ministack.app.interpreter
        execution = interpreter.run(arn, text)
        events = [event.get("stateEnteredEventDetails") for event in execution.history.events]
        return Ended(
            execution.status,
            execution.error,
            execution.cause,
            [event["name"] for event in events if event],
            [
                (item["image_url"]["S"], item["version"]["S"])
                for part in table["items"].values()
                for item in part.values()
            ],
        )

    def run_failure(
        self, text: str | None, error: str | None, without_table: bool = False
    ) -> Ended:
        """Run record_failure on the message about a failed or aborted execution.

        Step Functions leaves an input that is too large for an event out of it: None.
        """
        ended = {
            "executionArn": "arn:e",
            "status": "FAILED" if error else "ABORTED",
            "error": error,
            "input": text,
        }
        message = json.dumps([{"body": json.dumps({"detail": ended})}])
        return self.run("record_failure", message, without_table)


@pytest.fixture
def workflows(ministack: MiniStackInProcess) -> Iterator[Workflows]:
    ministack.put_role()
    machines = ministack.app.machines("us-east-1")
    for workflow in ("image_classification", "record_failure"):
        request = {"name": workflow, "definition": definition(workflow), "roleArn": ROLE_ARN}
        machines.create(request)
    text = definition("image_classification")
    machines.create(
        {"name": "recording", "definition": text, "roleArn": ROLE_ARN, "type": "EXPRESS"}
    )
    keys = {"image_url": "HASH", "version": "RANGE"}
    dynamodb._create_table(
        {
            "TableName": "results",
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in keys
            ],
            "BillingMode": "PAY_PER_REQUEST",
        }
    )
    s3._create_bucket(BUCKET, b"", {})
    s3._put_object(BUCKET, STORED, b"image", {})
    yield Workflows(ministack)
    s3.reset()


@pytest.fixture
def etag() -> str:
    """The ETag of the stored object, which stands for its version."""
    return md5(b"image").hexdigest()


def recorded(given: Input, etag: str) -> list[tuple[str, str]]:
    """Return the key of the only record that an input may leave."""
    return [] if given.error else [(given.image_url, given.version or etag)]


def test_every_input_is_recorded_under_its_key_or_fails_with_a_named_error(
    workflows: Workflows, etag: str
) -> None:
    ends: Counter[str | None] = Counter()
    for given in inputs(500, seed=21):
        ended = workflows.run("image_classification", given.text)
        assert (given.error or ACCEPTED) == ended.error, given
        assert recorded(given, etag) == ended.records, given
        if given.error in (INVALID_URL, INVALID_THRESHOLD):
            assert REFUSING >= {*ended.entered}, given
        (ended.cause or "").encode()  # no lone surrogate is passed on
        ends[ended.error] += 1
    assert {INVALID_URL, INVALID_THRESHOLD, NOT_FOUND, ACCEPTED} == {*ends}
    assert 10 < min(ends.values()), ends  # the generator reaches every end


def test_failure_of_every_input_is_recorded_under_its_key_or_leaves_nothing(
    workflows: Workflows, etag: str
) -> None:
    for given in inputs(500, seed=22):
        # jsonata-python writes no infinity, and jsonata 2.0.6 writes null.
        ended = workflows.run_failure(given.text.replace("1e400", "1e308"), error=None)
        assert "SUCCEEDED" == ended.status, given
        assert recorded(given, etag) == ended.records, given


@pytest.mark.parametrize("threshold", [0, 0.000001, 0.5, 1])
def test_threshold_that_a_confidence_can_reach_is_accepted(
    workflows: Workflows, threshold: float
) -> None:
    request = {"image_url": f"s3://{BUCKET}/{STORED}", "confidence_threshold": threshold}
    assert ACCEPTED == workflows.run("image_classification", json.dumps(request)).error


@pytest.mark.parametrize("threshold", [-1, 5e-324, 1e-7, 0.00000099, 1.000001, "0.5", True])
def test_other_threshold_is_refused_before_any_call(workflows: Workflows, threshold: Any) -> None:
    request = {"image_url": f"s3://{BUCKET}/{STORED}", "confidence_threshold": threshold}
    ended = workflows.run("image_classification", json.dumps(request))
    assert INVALID_THRESHOLD == ended.error
    assert ["Read input", "Valid input?", "Invalid threshold"] == ended.entered


@pytest.mark.parametrize("error", [INVALID_URL, INVALID_THRESHOLD])
def test_refused_input_that_is_too_large_for_an_event_leaves_nothing_to_record(
    workflows: Workflows, error: str
) -> None:
    ended = workflows.run_failure(None, error)
    assert "SUCCEEDED" == ended.status
    assert "Nothing to record" == ended.entered[-1]


def test_input_that_is_too_large_for_an_event_is_left_to_redrive_where_it_was_not_refused(
    workflows: Workflows,
) -> None:
    # The message goes on to the dead-letter queue; redrive asks Step Functions for the input.
    assert "FAILED" == workflows.run_failure(None, "States.Timeout").status


def test_image_that_is_uploaded_by_the_time_of_its_event_keeps_it(workflows: Workflows) -> None:
    request = {
        "image_url": f"s3://{BUCKET}/{STORED}",
        "version_id": "v1",
        "uploaded_at": UPLOADED_AT,
    }
    workflows.run_failure(json.dumps(request), "States.Timeout")
    [item] = [
        item for part in dynamodb._tables["results"]["items"].values() for item in part.values()
    ]
    assert {"S": UPLOADED_AT} == item["uploaded_at"]


@pytest.mark.parametrize(
    "failure",
    [
        None,
        "States.Timeout",
        {},
        {"execution": "arn:e", "Error": "E"},
        {"execution": ["arn:e"], "Error": "E", "Cause": "C"},
        {"execution": "arn:e", "Error": {"a": 1}, "Cause": "C"},
        [{"execution": "arn:e", "Error": "E", "Cause": "C"}] * 2,
    ],
    ids=str,
)
def test_malformed_failure_is_refused_before_any_call(workflows: Workflows, failure: Any) -> None:
    request = {"image_url": f"s3://{BUCKET}/{STORED}", "failure": failure}
    ended = workflows.run("image_classification", json.dumps(request))
    assert INVALID_URL == ended.error
    assert ["Read input", "Valid input?", "Invalid image URL"] == ended.entered


def item() -> dict[str, Any]:
    """The only record."""
    [found] = [
        found for part in dynamodb._tables["results"]["items"].values() for found in part.values()
    ]
    return dict(found)


def test_recorded_failure_has_the_failed_execution_and_no_duration(workflows: Workflows) -> None:
    request = {
        "image_url": f"s3://{BUCKET}/{STORED}",
        "version_id": "v1",
        "uploaded_at": UPLOADED_AT,
    }
    workflows.run_failure(json.dumps(request), "States.Timeout")
    assert {"S": "FAILED"} == item()["outcome"]
    assert {"S": "arn:e"} == item()["execution"]
    assert {"S": "Workflow.Timeout"} == item()["error"]
    assert {"NULL": True} == item()["processing_time_ms"]


def test_failure_that_cannot_be_recorded_fails_so_that_its_message_stays(
    workflows: Workflows,
) -> None:
    request = {
        "image_url": f"s3://{BUCKET}/{STORED}",
        "version_id": "v1",
        "uploaded_at": UPLOADED_AT,
    }
    ended = workflows.run_failure(json.dumps(request), error=None, without_table=True)
    assert "FAILED" == ended.status
    assert (ended.error or "").startswith("DynamoDB.")
