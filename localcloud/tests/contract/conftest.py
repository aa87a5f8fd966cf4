"""Provide a local cloud for all client tests, and MiniStack in this process.

MiniStack is patched, and has no state.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ministack.services import (
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    iam,
    kms,
    pipes,
    sns,
    sqs,
)

from localcloud.ministack.cloudwatch.metric_store import CLOCK
from localcloud.ministack.iam.authorizer import MiniStackAuthorizer
from localcloud.ministack.iam.service_role import sessions
from localcloud.ministack.patches import install_patches
from localcloud.ministack.stepfunctions import workflows
from localcloud.ministack.stepfunctions.log_delivery import MiniStackLogDelivery
from localcloud.ministack.stepfunctions.services import MiniStackServices
from localcloud.ministack.stepfunctions.telemetry import MiniStackTelemetry
from localcloud.ministack.stepfunctions.workflow_role import MiniStackWorkflowRoles
from localcloud.server.cloud import Cloud, running
from localcloud.stepfunctions import executions
from localcloud.stepfunctions.app import StepFunctionsApp
from localcloud.stepfunctions.surroundings import Interceptor, Surroundings, make_call

ACCOUNT = "000000000000"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/actor"
WORKFLOW_ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/workflow"
STATE_MACHINE_ARN = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:machine"
ALLOW_ALL = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloud") / ".local"


@pytest.fixture(scope="session")
def cloud(shared_folder: Path) -> Iterator[Cloud]:
    with running(shared_folder, publish_seconds=0.1) as started:
        yield started


@pytest.fixture
def client_of_user(cloud: Cloud) -> Callable[..., Any]:
    """Make a client of a new user with these statements as its policy.

    All tests of a run share the cloud, in any order. Therefore no test chooses the user's name.
    """
    iam = cloud.client("iam")

    def make(service: str, *statements: Mapping[str, Any]) -> Any:
        name = f"user-{uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]

        return cloud.client(service, key["AccessKeyId"], key["SecretAccessKey"])

    return make


@dataclass(frozen=True)
class Execution:
    """The end of an execution."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    entered: list[str]


class MiniStackInProcess:
    """Put resources into MiniStack's modules, and run executions to their end without a server."""

    def __init__(self) -> None:
        self.app = self._use(make_call)

    def put_role(
        self,
        statements: Sequence[Mapping[str, Any]] = ALLOW_ALL,
        service: str = "states.amazonaws.com",
        condition: Mapping[str, Any] | None = None,
        name: str = "actor",
    ) -> None:
        """Create a role that this service may assume, with these statements in its policy."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        iam._roles[name] = {
            "RoleName": name,
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            "AssumeRolePolicyDocument": json.dumps(
                {"Statement": [{**trust, "Condition": condition or {}}]}
            ),
            "InlinePolicies": {"inline": json.dumps({"Statement": list(statements)})},
            "AttachedPolicies": [],
        }

    def intercept(self, interceptor: Interceptor) -> None:
        """Pass every call of a task to this interceptor."""
        self._use(interceptor)

    def put_state_machine(
        self,
        states: Mapping[str, Any],
        kind: str = "STANDARD",
        name: str = "machine",
        **members: Any,
    ) -> None:
        """Create a state machine in JSONata that starts at the first of these states."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        machines = self.app.machines("us-east-1")
        machines.delete({"stateMachineArn": machines.arn(name)})
        request = {
            "name": name,
            "definition": json.dumps(definition),
            "roleArn": ROLE_ARN,
            "type": kind,
        }
        machines.create({**request, **members})

    def start(self, input: Any = None, name: str | None = None) -> executions.Execution:
        """Start an execution of the state machine "machine"."""
        return self.app.interpreter.start(STATE_MACHINE_ARN, json.dumps(input or {}), name)

    def run(self, states: Mapping[str, Any], input: Any = None) -> Execution:
        """Run a state machine of these states; the role "actor" is created if it is missing."""
        if "actor" not in iam._roles:
            self.put_role()
        self.put_state_machine(states)
        ended = self.start(input)
        assert ended.ended.wait(30), "it does not end"
        details = [event.get("stateEnteredEventDetails") for event in ended.history.events]
        output = json.loads(ended.output) if ended.output is not None else None
        return Execution(
            ended.status, output, ended.error, ended.cause, [one["name"] for one in details if one]
        )

    def _use(self, interceptor: Interceptor) -> StepFunctionsApp:
        surroundings = Surroundings(
            MiniStackServices(),
            MiniStackTelemetry(ACCOUNT),
            MiniStackWorkflowRoles(),
            MiniStackLogDelivery(),
            MiniStackAuthorizer(),
            wait_scale=0.1,
        )
        self.app = StepFunctionsApp(None, surroundings, interceptor)
        workflows.install(self.app)
        return self.app


@pytest.fixture
def ministack() -> Iterator[MiniStackInProcess]:
    install_patches()
    started = MiniStackInProcess()
    yield started
    started.app.interpreter.close()
    CLOCK.put_ahead(0)
    sessions.clear()
    for service in (pipes, cloudwatch, cloudwatch_logs, dynamodb, eventbridge, iam, kms, sns, sqs):
        service.reset()
