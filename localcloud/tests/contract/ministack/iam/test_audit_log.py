"""The audit log records IAM's decisions about roles and services."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import sqs

from localcloud.ministack.iam import audit_log
from localcloud.server.cloud import Cloud
from localcloud.server.settings import Folder
from localcloud.tests.contract.conftest import (
    ACCOUNT,
    ROLE_ARN,
    STATE_MACHINE_ARN,
    MiniStackInProcess,
)

PUT_EVENTS = {
    "Type": "Task",
    "Resource": "arn:aws:states:::events:putEvents",
    "Arguments": {"Entries": [{"Source": "tests", "DetailType": "Test", "Detail": {}}]},
    "End": True,
}
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
RULE_ARN = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/rule"


type Lines = list[dict[str, Any]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """The lines of the audit log in this process, without the time."""
    lines: Lines = []

    def listen(text: str) -> None:
        line = json.loads(text)
        lines.append({name: value for name, value in line.items() if name != "time"})

    monkeypatch.setattr(audit_log, "listeners", [listen])

    return lines


def test_task_is_recorded_with_service_role_and_conditions(
    ministack: MiniStackInProcess, written: Lines
) -> None:
    ministack.run({"Put": PUT_EVENTS})
    assumed, called = written

    assert {
        "caller": "states.amazonaws.com",
        "action": "sts:AssumeRole",
        "resource": ROLE_ARN,
        "conditions": {"aws:sourcearn": STATE_MACHINE_ARN, "aws:sourceaccount": ACCOUNT},
        "allowed": True,
    } == assumed
    assert called.pop("caller").startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/actor/")
    assert {
        "action": "events:PutEvents",
        "resource": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default",
        "conditions": {
            "events:source": "tests",
            "events:detail-type": "Test",
            "aws:securetransport": "true",
        },
        "allowed": True,
    } == called


def test_denied_task_is_recorded_as_denied(ministack: MiniStackInProcess, written: Lines) -> None:
    ministack.put_role([])
    ministack.run({"Put": PUT_EVENTS})
    assert [True, False] == [line["allowed"] for line in written]


def test_event_that_is_sent_to_a_queue_is_recorded(
    ministack: MiniStackInProcess, written: Lines
) -> None:
    sqs.queue_policy_allows(QUEUE_ARN, "events.amazonaws.com", RULE_ARN, ACCOUNT)
    [line] = written
    assert "events.amazonaws.com" == line["caller"]
    assert "sqs:SendMessage" == line["action"]
    assert QUEUE_ARN == line["resource"]
    assert {"aws:sourcearn": RULE_ARN, "aws:sourceaccount": ACCOUNT} == line["conditions"]


def test_request_of_a_client_is_recorded_in_the_clouds_file(
    cloud: Cloud, shared_folder: Path
) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="audited")
    key = iam.create_access_key(UserName="audited")["AccessKey"]
    s3 = cloud.client("s3", key["AccessKeyId"], key["SecretAccessKey"])

    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket="bucket", Key="audited", VersionId="v1")

    lines = [json.loads(line) for line in Folder(shared_folder).audit.read_text().splitlines()]
    [line] = [line for line in lines if line["resource"] == "arn:aws:s3:::bucket/audited"]

    assert f"arn:aws:iam::{ACCOUNT}:user/audited" == line["caller"]
    assert "s3:GetObjectVersion" == line["action"]
    assert line["allowed"] is False


def test_request_to_sagemaker_is_recorded(cloud: Cloud, shared_folder: Path) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="audited-sagemaker")
    key = iam.create_access_key(UserName="audited-sagemaker")["AccessKey"]

    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client(
            "sagemaker-runtime", key["AccessKeyId"], key["SecretAccessKey"]
        ).invoke_endpoint(EndpointName="audited", Body=b"")

    assert '"sagemaker:InvokeEndpoint"' in Folder(shared_folder).audit.read_text()
