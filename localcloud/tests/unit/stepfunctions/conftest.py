"""Provide the interpreter with fake services, and without waits."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from localcloud.api.service_model import find_operation
from localcloud.stepfunctions.app import StepFunctionsApp
from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.integrations import Integration
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.surroundings import Interceptor, Surroundings, make_call

REGION_AND_ACCOUNT = "us-east-1:000000000000"
MACHINE_ARN = f"arn:aws:states:{REGION_AND_ACCOUNT}:stateMachine:machine"
ROLE_ARN = "arn:aws:iam::000000000000:role/actor"
SECONDS = 10  # longer than any test here


@dataclass
class FakeServices:
    """Services whose operations are functions; a denied action raises its error."""

    operations: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def require(
        self, _execution: Execution, integration: Integration, _arguments: Mapping[str, Any]
    ) -> None:
        if integration.action in self.denied:
            raise StateError(integration.error, f"not authorized to perform: {integration.action}")

    def call(self, execution: Execution, integration: Integration, arguments: Any) -> Any:
        self.require(execution, integration, arguments)
        self.calls.append((integration.operation, arguments))
        return self.operations[integration.operation](arguments)


@dataclass
class FakeTelemetry:
    """Record events, metrics and log lines."""

    events: list[dict[str, Any]] = field(default_factory=list)
    counts: list[tuple[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def announce(self, _region: str, detail: Mapping[str, Any]) -> None:
        self.events.append(dict(detail))

    def count(self, _region: str, metric: str, machine_arn: str) -> None:
        self.counts.append((metric, machine_arn))

    def log(self, _region: str, _group_arn: str, _stream: str, lines: Iterable[str]) -> None:
        self.lines += lines


class FakeRoles:
    """Allow Step Functions to assume every role."""

    def require_assumable(self, _role_arn: str, _machine_arn: str) -> None:
        """Return."""


class FakeLogDelivery:
    """Allow every role to deliver to every log group."""

    def require(self, _role_arn: str, _machine_arn: str, _group_arn: str) -> None:
        """Return."""


class AllowAll:
    """Allow every request."""

    def authorize(
        self, request: object, action: str, resource_arn: str, conditions: object = None
    ) -> None:
        """Return."""


class Interpreted:
    """A new app, and the operations that tests need."""

    def __init__(self, intercept: Interceptor = make_call) -> None:
        self.services = FakeServices()
        self.telemetry = FakeTelemetry()
        self.slept: list[float] = []
        surroundings = Surroundings(
            self.services,
            self.telemetry,
            FakeRoles(),
            FakeLogDelivery(),
            AllowAll(),
            wait_scale=0,
        )
        self.app = StepFunctionsApp(None, surroundings, intercept)
        self.interpreter = self.app.interpreter
        self.machines = self.app.machines("us-east-1")

    def put(
        self,
        states: Mapping[str, Any],
        name: str = "machine",
        kind: str = "STANDARD",
        **fields: Any,
    ) -> str:
        """Create a state machine that starts at the first of these states; return its ARN."""
        start = next(iter(states))
        definition = {"QueryLanguage": "JSONata", "StartAt": start, "States": states, **fields}
        request = {
            "name": name,
            "definition": json.dumps(definition),
            "roleArn": ROLE_ARN,
            "type": kind,
        }
        self.machines.delete({"stateMachineArn": self.machines.arn(name)})

        return str(self.machines.create(request)["stateMachineArn"])

    def run(self, states: Mapping[str, Any], given: Any = None, **fields: Any) -> Execution:
        """Run a state machine of these states to its end."""
        arn = self.put(states, **fields)
        execution = self.interpreter.start(arn, json.dumps({} if given is None else given))
        assert execution.ended.wait(SECONDS), "it does not end"
        return execution

    def output(self, states: Mapping[str, Any], given: Any = None) -> Any:
        """Return the output of a state machine of these states, which must succeed."""
        execution = self.run(states, given)
        assert execution.output is not None, f"{execution.error}: {execution.cause}"
        return json.loads(execution.output)

    def record_pauses(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """Replace all waits; return the list that receives their seconds."""

        def pause(seconds: float, life: Life) -> None:
            self.slept.append(seconds)
            life.require()

        monkeypatch.setattr(self.interpreter, "pause", pause)
        return self.slept


@pytest.fixture
def states() -> Interpreted:
    return Interpreted()


@pytest.fixture
def api(states: Interpreted) -> Iterator[StepFunctionsApp]:
    """The app whose API the function `call` uses."""
    yield states.app
    states.interpreter.close()


class ApiError(Exception):
    """The API answered an error."""


def call(app: StepFunctionsApp, operation: str, **members: Any) -> dict[str, Any]:
    """Return the app's answer, which has all required members."""
    sent: list[dict[str, Any]] = []
    body = json.dumps(members).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"x-amz-target", f"AWSStepFunctions.{operation}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    answer: dict[str, Any] = json.loads(sent[1]["body"])
    if sent[0]["status"] != 200:
        raise ApiError(f"{answer['__type']}: {answer['message']}")

    shape = find_operation("stepfunctions", operation).output_shape
    assert shape is not None
    assert set(shape.required_members) <= answer.keys()

    return answer


def entered(execution: Execution) -> list[str]:
    """Return the names of the states in the order in which they were entered."""
    found = (event.get("stateEnteredEventDetails") for event in execution.history.events)
    return [details["name"] for details in found if details]


def kinds(execution: Execution) -> list[str]:
    """Return the types of all events."""
    return [event["type"] for event in execution.history.events]
