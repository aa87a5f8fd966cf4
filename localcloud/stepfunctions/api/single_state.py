"""Answer TestState: run one state, with a mocked result instead of a call.

Source: Step Functions Developer Guide, "Testing state machines with TestState API". Only the data
flow is emulated. A Task or Map needs a mock, and no service is called.
"""

import json
from collections.abc import Mapping
from typing import Any

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.stepfunctions.api.members import Members, present
from localcloud.stepfunctions.api_errors import InvalidDefinitionError, InvalidExecutionInputError
from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.machines import Revision
from localcloud.stepfunctions.outcome import Outcome, finished
from localcloud.stepfunctions.payloads import Payload, to_text
from localcloud.stepfunctions.retries import caught, find_rule
from localcloud.stepfunctions.scope import Scope
from localcloud.stepfunctions.states.items import parse_csv
from localcloud.stepfunctions.states.simple import run_choice, run_fail, run_pass, run_succeed

_ARN = "arn:aws:states:us-east-1:000000000000:execution:test:test"
_RUN = {"Choice": run_choice, "Fail": run_fail, "Pass": run_pass, "Succeed": run_succeed}
_MOCKED = ("Task", "Map", "Parallel")


def answer_test_state(request: Members) -> Members:
    """Run one state; return its outcome.

    Raises:
        InvalidRequestError: the state is missing, or has a mock that it must not have.
        NotEmulatedError: the state needs a mock, or would have to wait.
    """
    definition = _read(request["definition"], InvalidDefinitionError)
    state = find_state(definition, request.get("stateName"))
    language = state.get("QueryLanguage", definition.get("QueryLanguage", "JSONPath"))
    if language != "JSONata":
        raise NotEmulatedError(f"{language} in TestState is not emulated by the local SFN.")

    _check_mock(state["Type"], request)
    scope = _scope(request)
    given = Payload(_read(request.get("input", "{}"), InvalidExecutionInputError))
    inspected: Members = {}

    try:
        answer = _run(state, given, scope, request, inspected)
    except StateError as exc:
        shown = present({"error": exc.error, "cause": exc.cause})
        return {"status": "FAILED", **shown, "inspectionData": {}}

    inspected["variables"] = to_text(scope.variables)

    return {**answer, "inspectionData": inspected}


def find_state(definition: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    """Return a state of a definition, or of a Map or branch inside it.

    Raises:
        InvalidRequestError: no state has this name.
    """
    if name is None:
        return definition

    machines = [definition]
    while machines:
        states = machines.pop().get("States", {})
        if name in states:
            found: Mapping[str, Any] = states[name]
            return found
        for state in states.values():
            machines += [state["ItemProcessor"]] if "ItemProcessor" in state else []
            machines += state.get("Branches", [])

    raise InvalidRequestError("State not found in definition")


def _check_mock(kind: str, request: Members) -> None:
    takes_mock = kind in _MOCKED
    if takes_mock and "mock" not in request:
        raise NotEmulatedError(f"TestState of a {kind} state without mock is not emulated.")
    if not takes_mock and ("mock" in request or "context" in request):
        raise InvalidRequestError(f"Mock and context are not allowed for a {kind} state.")
    if not takes_mock and kind not in _RUN:
        raise NotEmulatedError(f"TestState of a {kind} state is not emulated by the local SFN.")


def _scope(request: Members) -> Scope:
    life = Life()
    execution = Execution(_ARN, "test", "test", "{}", Revision("{}", ""), life=life)
    context = _read(request.get("context", "{}"), InvalidRequestError)
    variables = _read(request.get("variables", "{}"), InvalidRequestError)
    context.setdefault("State", {"Name": request.get("stateName", ""), "RetryCount": 0})
    return Scope(execution, life, context, variables)


def _run(
    state: Mapping[str, Any],
    given: Payload,
    scope: Scope,
    request: Members,
    inspected: Members,
) -> Members:
    kind = state["Type"]
    if kind not in _MOCKED:
        return _succeeded(scope, _RUN[kind](state, given, scope))

    mock = request["mock"]
    if kind == "Map":
        inspected["afterItemSelector"] = _selected(state, given, scope, request)
        if "ResultWriter" in state:
            scope.evaluate("ResultWriter", state["ResultWriter"], given)
    elif "Arguments" in state:
        arguments = scope.evaluate("Arguments", state["Arguments"], given)
        inspected["afterArguments"] = to_text(arguments)

    if "errorOutput" in mock:
        return _failed(state, given, scope, mock["errorOutput"])

    result = Payload(_read(mock["result"], InvalidRequestError))
    outcome = finished(state, given, scope, default=result, result=result.value)

    return _succeeded(scope, outcome)


def _failed(
    state: Mapping[str, Any], given: Payload, scope: Scope, mocked: Mapping[str, str]
) -> Members:
    error = StateError(mocked.get("error"), mocked.get("cause"))
    shown = present({"error": error.error, "cause": error.cause})
    if find_rule(state.get("Retry", []), error.error) is not None:
        return {"status": "RETRIABLE", **shown}
    outcome = caught(state, given, scope, error)
    return {**_succeeded(scope, outcome), "status": "CAUGHT_ERROR", **shown}


def _selected(state: Mapping[str, Any], given: Payload, scope: Scope, request: Members) -> str:
    """Return the inputs of a map's iterations, as a JSON array of JSON texts."""
    data = request.get("stateConfiguration", {}).get("mapItemReaderData")
    reader = state.get("ItemReader", {})
    if data is None:
        items = scope.typed({"Items": given.value, **state}, "Items", "array", given)
    elif reader.get("ReaderConfig", {}).get("InputType") == "CSV":
        items = parse_csv(data, reader["ReaderConfig"])
    else:
        items = _read(data, InvalidRequestError)

    selector = state.get("ItemSelector", "{% $states.context.Map.Item.Value %}")
    selected = []

    for index, value in enumerate(items):
        context = scope.with_item({"Index": index, "Value": value})
        entry = scope.evaluate("ItemSelector", selector, given, context=context)
        selected.append(to_text(entry))

    return to_text(selected)


def _succeeded(scope: Scope, outcome: Outcome) -> Members:
    scope.set(outcome.values)
    following = {} if outcome.following is None else {"nextState": outcome.following}
    return {"status": "SUCCEEDED", "output": outcome.output.text, **following}


def _read(text: str, error: type[InvalidRequestError]) -> Any:
    try:
        return json.loads(text)
    except ValueError as exc:
        raise error(f"{text!r:.200} is not JSON: {exc}") from exc
