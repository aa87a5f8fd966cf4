"""A local cloud for all tests that are its clients; MiniStack in this process, patched and without state."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ministack.services import (
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    iam,
    pipes,
    sns,
    sqs,
    stepfunctions,
)

from localcloud.ministack.cloudwatch.metric_store import CLOCK
from localcloud.ministack.iam.service_role import sessions
from localcloud.ministack.patches import install_patches
from localcloud.server.cloud import Cloud, running

ACCOUNT = "000000000000"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/actor"
STATE_MACHINE_ARN = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:machine"
ALLOW_ALL = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloud") / ".local"


@pytest.fixture(scope="session")
def cloud(shared_folder: Path) -> Iterator[Cloud]:
    with running(shared_folder, publish_seconds=0.1) as started:
        yield started


@dataclass(frozen=True)
class Execution:
    """What became of an execution."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    entered: list[str]


class MiniStackInProcess:
    """Puts resources into MiniStack's modules and runs executions to their end, with no server in between."""

    def put_role(
        self,
        statements: Sequence[Mapping[str, Any]] = ALLOW_ALL,
        service: str = "states.amazonaws.com",
        condition: Mapping[str, Any] | None = None,
    ) -> None:
        """Create the role "actor" that this service may assume, with these statements in its policy."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        iam._roles["actor"] = {
            "RoleName": "actor",
            "Arn": ROLE_ARN,
            "AssumeRolePolicyDocument": json.dumps({"Statement": [{**trust, "Condition": condition or {}}]}),
            "InlinePolicies": {"inline": json.dumps({"Statement": list(statements)})},
            "AttachedPolicies": [],
        }

    def put_state_machine(self, states: Mapping[str, Any]) -> None:
        """Create the state machine "machine", in JSONata, which starts at the first of these states."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        request = {"name": "machine", "definition": json.dumps(definition), "roleArn": ROLE_ARN}
        assert stepfunctions._create_state_machine(request)[0] == 200

    def run(self, states: Mapping[str, Any], input: Any = None) -> Execution:
        """Run a state machine of these states; the role "actor" is made if the test did not."""
        if "actor" not in iam._roles:
            self.put_role()
        self.put_state_machine(states)
        answer = stepfunctions._start_sync_execution(
            {"stateMachineArn": STATE_MACHINE_ARN, "input": json.dumps(input or {})}
        )
        record = stepfunctions._executions[json.loads(answer[2])["executionArn"]]
        entered = [
            event["stateEnteredEventDetails"]["name"]
            for event in record["events"]
            if "stateEnteredEventDetails" in event
        ]
        return Execution(
            record["status"], json.loads(record["output"]), record.get("error"), record.get("cause"), entered
        )


@pytest.fixture
def ministack() -> Iterator[MiniStackInProcess]:
    install_patches()
    yield MiniStackInProcess()
    CLOCK.put_ahead(0)
    sessions.clear()
    for service in (pipes, cloudwatch, cloudwatch_logs, dynamodb, eventbridge, iam, sns, sqs, stepfunctions):
        service.reset()
