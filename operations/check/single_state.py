"""Run one state with TestState: build the request, and read the answer."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operations.check.answers import Outcome
from operations.check.definitions import Definition
from operations.check.mocked_results import Mock
from operations.check.place import Place

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

MOCKED_TYPES = ("Task", "Map", "Parallel")  # the others do not take a mock, nor a context
STARTED = "2026-01-15T09:30:00.000Z"


@dataclass(frozen=True)
class Arrival:
    """A state that a workflow has reached, with its input and variables."""

    state: str
    input: str  # JSON
    variables: str = "{}"  # JSON

    @property
    def key(self) -> tuple[str, str, str]:
        """The parts that distinguish two arrivals."""
        return self.state, self.input, self.variables


@dataclass(frozen=True)
class Tested:
    """The answer of AWS: an outcome, and the next state unless the workflow ends."""

    outcome: Outcome
    message: str
    next: Arrival | None = None
    item: Arrival | None = None  # of a Map: the first state of its first iteration


def run_state(
    stepfunctions: "SFNClient",
    place: Place,
    definition: Definition,
    arrival: Arrival,
    mock: Mock | None,
    fails: bool,
) -> Tested:
    """Ask Step Functions to run one state.

    Args:
        stepfunctions: the client.
        place: for the ARNs of the mocked context.
        definition: the whole workflow.
        arrival: the state, its input and the variables.
        mock: in place of the service's answer, for states that call one.
        fails: whether the mock's error is given.

    Raises:
        ClientError: AWS refuses the state or the mock, or the caller may not ask.
    """
    state = definition.states[arrival.state]
    request = _request(place, definition, arrival, mock, fails)
    answer = stepfunctions.test_state(**request)
    status = answer.get("status", "")
    inspection = answer.get("inspectionData", {})
    if status != ("CAUGHT_ERROR" if fails else "SUCCEEDED"):
        reason = ": ".join(filter(None, [answer.get("error"), answer.get("cause")]))
        return Tested(Outcome.REFUSED, f"{status} {reason}".strip())

    variables = inspection.get("variables", arrival.variables)
    following = answer.get("nextState")
    after = Arrival(following, answer.get("output", "{}"), variables) if following else None
    inside = _first_item(state, inspection, mock, variables)
    return Tested(
        Outcome.ACCEPTED,
        f"then {following}" if following else "then the end",
        after,
        inside,
    )


def _request(
    place: Place,
    definition: Definition,
    arrival: Arrival,
    mock: Mock | None,
    fails: bool,
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "definition": definition.text,
        "stateName": arrival.state,
        "input": arrival.input,
        "variables": arrival.variables,
        "inspectionLevel": "DEBUG",  # shows the variables
    }
    if mock:
        request["mock"] = mock.request(fails)
        request["context"] = json.dumps(_context(place, definition.name, arrival.state))
        if mock.reader_data:
            request["stateConfiguration"] = {"mapItemReaderData": mock.reader_data}

    return request


def _context(place: Place, workflow: str, state: str) -> dict[str, Any]:
    owner = f"arn:{place.partition}:states:{place.region}:{place.account}"
    return {
        "Execution": {
            "Id": f"{owner}:execution:{workflow}:check",
            "Name": "check",
            "StartTime": STARTED,
        },
        "State": {"Name": state, "EnteredTime": STARTED, "RetryCount": 0},
        "StateMachine": {"Id": f"{owner}:stateMachine:{workflow}", "Name": workflow},
    }


def _first_item(
    state: dict[str, Any],
    inspection: Any,
    mock: Mock | None,
    variables: str,
) -> Arrival | None:
    if state["Type"] != "Map" or mock is None:
        return None

    shown = json.loads(inspection.get("afterItemSelector", "[]"))
    first = shown[0] if shown else mock.item
    # AWS documents an array of JSON texts.
    text = first if isinstance(first, str) else json.dumps(first)
    processor = state["ItemProcessor"]
    is_distributed = processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
    # An iteration of a distributed Map is a separate execution, without the variables outside.
    return Arrival(processor["StartAt"], text, "{}" if is_distributed else variables)
