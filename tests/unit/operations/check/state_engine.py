"""TestState for tests: the data flow of JSONata states with a mock, computed by MiniStack.

Answers have the form of the developer guide, "Testing state machines with TestState API".
"""

import json
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import stepfunctions as engine


def answer_test_state(parameters: dict[str, Any]) -> dict[str, Any]:
    """Run one state; return what TestState would answer.

    Raises:
        ClientError: the state cannot be found, or must have a mock and has none, or must not.
    """
    definition = json.loads(parameters["definition"])
    state = find_state(definition, parameters["stateName"])
    takes_mock = state["Type"] in ("Task", "Map")
    if takes_mock != ("mock" in parameters) or ("context" in parameters and not takes_mock):
        raise _refused(f"Mock and context belong to Task and Map alone, not to {state['Type']}.")

    context = {**json.loads(parameters.get("context", "{}")), "QueryLanguage": "JSONata"}
    context["variables"] = json.loads(parameters.get("variables", "{}"))
    try:
        answer = _run(state, json.loads(parameters["input"]), context, parameters)
    except engine._ExecutionError as exc:
        return {"status": "FAILED", "error": exc.error, "cause": exc.cause, "inspectionData": {}}
    answer.setdefault("inspectionData", {})["variables"] = json.dumps(context["variables"])
    return answer


def find_state(definition: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a state of a definition, or of a Map inside of it."""
    for found, state in definition["States"].items():
        if found == name:
            return dict(state)
        if "ItemProcessor" in state:
            try:
                return find_state(state["ItemProcessor"], name)
            except ClientError:
                continue
    raise _refused("State not found in definition")  # AWS's words


def _run(
    state: dict[str, Any],
    given: Any,
    context: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    match state["Type"]:
        case "Choice":
            output, following = engine._execute_choice(state, given, context)
        case "Pass":
            output, following = engine._execute_pass(state, given, context)
        case "Map":
            return _map(state, given, context, parameters)
        case _:
            return _task(state, given, context, parameters["mock"])
    return {"status": "SUCCEEDED", "output": json.dumps(output), "nextState": following}


def _task(
    state: dict[str, Any],
    given: Any,
    context: dict[str, Any],
    mock: dict[str, Any],
) -> dict[str, Any]:
    engine._apply_jsonata_arguments(state, given, context)
    if "errorOutput" in mock:
        return _caught(state, given, context, mock["errorOutput"])
    result = json.loads(mock["result"])
    output = engine._apply_jsonata_output(state, given, context, result=result, default=result)
    engine._apply_state_assign(state, given, context, result=result)
    return _succeeded(state, output)


def _caught(
    state: dict[str, Any],
    given: Any,
    context: dict[str, Any],
    mocked: dict[str, Any],
) -> dict[str, Any]:
    error = {"Error": mocked["error"], "Cause": mocked["cause"]}
    retrier, _ = engine._find_matching_retrier(state.get("Retry", []), error["Error"], {})
    if retrier is not None:
        return {"status": "RETRIABLE", **mocked}
    catcher = engine._find_matching_catcher(state.get("Catch", []), error["Error"])
    assert catcher is not None, f"nothing catches {error['Error']}"
    output = engine._apply_jsonata_output(
        catcher,
        given,
        context,
        error_output=error,
        default=error,
    )
    engine._apply_state_assign(catcher, given, context, error_output=error)
    return {
        "status": "CAUGHT_ERROR",
        "output": json.dumps(output),
        "nextState": catcher["Next"],
        **mocked,
    }


def _map(
    state: dict[str, Any],
    given: Any,
    context: dict[str, Any],
    parameters: dict[str, Any],
) -> dict[str, Any]:
    items = _read(parameters["stateConfiguration"]["mapItemReaderData"], state["ItemReader"])
    selected = [
        json.dumps(
            engine._apply_jsonata_template(
                state["ItemSelector"],
                given,
                {**context, "Map": {"Item": item}},
            )
        )
        for item in ({"Index": index, "Value": value} for index, value in enumerate(items))
    ]
    result = json.loads(parameters["mock"]["result"])
    engine._apply_jsonata_template(state["ResultWriter"]["Arguments"], given, context)
    return _succeeded(state, result) | {
        "inspectionData": {"afterItemSelector": json.dumps(selected)},
    }


def _read(data: str, reader: dict[str, Any]) -> list[Any]:
    if reader.get("ReaderConfig", {}).get("InputType") != "CSV":
        return list(json.loads(data))
    heading, *lines = data.strip().splitlines()
    return [dict(zip(heading.split(","), line.split(","), strict=True)) for line in lines]


def _succeeded(state: dict[str, Any], output: Any) -> dict[str, Any]:
    following = {"nextState": state["Next"]} if "Next" in state else {}
    return {"status": "SUCCEEDED", "output": json.dumps(output), **following}


def _refused(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "TestState")
