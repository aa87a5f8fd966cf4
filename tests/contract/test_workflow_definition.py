"""The workflow definitions match the template, the schema and the house rules."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from jsonata import Jsonata
from jsonata.utils import Utils

from functions.classify_image.app import (
    CLASS_LIST_CONFIG,
    ENDPOINT_CONFIG,
    SERVERLESS_CONFIG,
    SSM_CONFIG,
)
from localcloud.stepfunctions.retries import delay_seconds
from statemachine.repeated import ORDER
from tests.security.gate.workflows import states as states_of
from tests.soak.endpoint_calls import SERVERLESS_ERRORS, calls_per_execution

ROOT = Path(__file__).parents[2]
SUBSTITUTIONS = {"Partition": "aws", "ConfidenceThreshold": "0.8"}
WORKFLOWS = {
    "image_classification": "ImageClassificationWorkflow",
    "record_failure": "RecordFailureWorkflow",
    "backlog": "BacklogWorkflow",
    "waiting_age": "WaitingAgeWorkflow",
    "tag_version": "TagVersionWorkflow",
}


def strings(value: object) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def tasks(states: dict[str, Any]) -> dict[str, Any]:
    return {name: state for name, state in states.items() if state["Type"] == "Task"}


def function_tasks(states: dict[str, Any]) -> dict[str, Any]:
    return {
        name: state for name, state in tasks(states).items() if "lambda:invoke" in state["Resource"]
    }


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_placeholders_equal_the_templates_substitutions(
    workflow: str, definitions: dict[str, dict[str, Any]], resources: dict[str, Any]
) -> None:
    substitutions = resources[WORKFLOWS[workflow]]["Properties"]["DefinitionSubstitutions"]
    placeholders = {
        name for text in strings(definitions[workflow]) for name in re.findall(r"\$\{(\w+)\}", text)
    }
    assert set(substitutions) == placeholders


def test_failures_are_recorded_by_the_image_workflow_itself(resources: dict[str, Any]) -> None:
    image, recording = (
        resources[name]["Properties"]
        for name in ("ImageClassificationWorkflow", "RecordingWorkflow")
    )
    for field in ("DefinitionUri", "DefinitionSubstitutions"):
        assert image[field] == recording[field]
    assert (
        "EXPRESS" == recording["Type"]
    )  # a failed one causes no event, and so no message about itself


def test_recording_a_failure_starts_no_other_recording(
    definitions: dict[str, dict[str, Any]], resources: dict[str, Any]
) -> None:
    [pattern] = [
        resource["Properties"]["EventPattern"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Events::Rule"
        and "status" in resource["Properties"].get("EventPattern", {}).get("detail", {})
    ]
    assert [{"Ref": "ImageClassificationWorkflow"}] == pattern["detail"]["stateMachineArn"]
    called = [
        state.get("Resource", "")
        for state in definitions["image_classification"]["States"].values()
    ]
    assert [] == [resource for resource in called if "Execution" in resource]


def test_every_workflow_is_deployed(definitions: dict[str, dict[str, Any]]) -> None:
    assert set(WORKFLOWS) == set(definitions)


def test_state_names_are_unique_in_the_whole_machine(
    definitions: dict[str, dict[str, Any]],
) -> None:
    # AWS refuses a repeated name, also in another map's processor: DUPLICATE_STATE_NAME.
    for workflow, definition in definitions.items():
        names = Counter(where.rpartition(": ")[2] for where, _ in states_of({workflow: definition}))
        assert {} == {name: count for name, count in names.items() if count > 1}, workflow


def test_both_maps_of_a_backlog_classify_an_image_alike(
    definitions: dict[str, dict[str, Any]],
) -> None:
    states = definitions["backlog"]["States"]
    maps = [states["Classify list"]["ItemProcessor"], states["Classify prefix"]["ItemProcessor"]]
    ([listed], [stored]) = (list(processor["States"].values()) for processor in maps)
    assert listed == stored


def test_every_state_has_a_comment_of_one_sentence(
    definitions: dict[str, dict[str, Any]],
) -> None:
    comments = {name: state.get("Comment", "") for name, state in states_of(definitions)}
    assert {} == {
        name: text for name, text in comments.items() if not re.fullmatch(r"[A-Z].+\.", text)
    }


def test_every_state_keeps_the_same_key_order(definitions: dict[str, dict[str, Any]]) -> None:
    states = states_of(definitions)
    assert [] == [name for name, state in states if sorted(state, key=ORDER.index) != list(state)]


def test_an_image_costs_the_endpoint_at_most_three_calls(definition: dict[str, Any]) -> None:
    assert 1 == vars(ENDPOINT_CONFIG)["retries"]["total_max_attempts"]
    assert 3 == calls_per_execution(definition)


# A model has 180 s to load and 60 s to answer (SageMaker, "Invoke a serverless endpoint").
COLD_START_SECONDS = 300


def cold_start_retrier(states: dict[str, Any]) -> dict[str, Any]:
    [retrier] = [
        r for r in states["Classify image"]["Retry"] if set(r["ErrorEquals"]) == SERVERLESS_ERRORS
    ]
    return dict(retrier)


def test_serverless_endpoint_that_is_silent_is_asked_for_five_minutes_even_without_a_wait(
    states: dict[str, Any],
) -> None:
    # Full jitter may draw 0 every time; the attempts alone must last as long.
    attempts = 1 + cold_start_retrier(states)["MaxAttempts"]
    assert COLD_START_SECONDS <= attempts * vars(SERVERLESS_CONFIG)["read_timeout"]


def test_serverless_endpoint_that_refuses_at_once_is_asked_for_five_minutes_in_nearly_all_draws(
    states: dict[str, Any],
) -> None:
    retrier, random = cold_start_retrier(states), Random(1)
    spans = [
        sum(
            delay_seconds(retrier, number, random.uniform)
            for number in range(retrier["MaxAttempts"])
        )
        for _ in range(4000)
    ]
    shorter = sum(span < COLD_START_SECONDS for span in spans) / len(spans)
    assert shorter <= 0.001  # the true share is 0.0002, the mean 545 s


@pytest.mark.parametrize(
    "config", [ENDPOINT_CONFIG, SERVERLESS_CONFIG], ids=["realtime", "serverless"]
)
def test_model_card_and_endpoint_answer_before_the_function_ends(
    config: Any, template: dict[str, Any]
) -> None:
    seconds = sum(
        one["retries"]["total_max_attempts"] * (one["connect_timeout"] + one["read_timeout"])
        for one in map(vars, (SSM_CONFIG, CLASS_LIST_CONFIG, config))
    )
    assert seconds < template["Globals"]["Function"]["Timeout"] - 2


def test_a_functions_timeout_ends_before_its_state(
    states: dict[str, Any], template: dict[str, Any]
) -> None:
    timeout = template["Globals"]["Function"]["Timeout"]
    for name, state in function_tasks(states).items():
        assert timeout < state["TimeoutSeconds"], name


def test_refused_input_fails_with_the_functions_own_error_names(states: dict[str, Any]) -> None:
    literal = {
        s["Error"]
        for s in states.values()
        if s["Type"] == "Fail" and not s["Error"].startswith("{%")
    }
    assert {
        "InvalidImageUrlError",
        "InvalidThresholdError",
        "ImageNotFoundError",
        "ImageAccessDeniedError",
    } == literal


def test_threshold_that_was_asked_for_is_never_replaced_by_the_model_cards(
    states: dict[str, Any],
) -> None:
    # A failure records it, and redrive sends it again: the model card may have changed.
    asked = {
        name
        for name, state in states.items()
        for choice in state.get("Choices", [state])
        if assigned(choice)
    }
    assert {"Read input"} == asked
    decided = states["Classify image"]["Output"]["confidence_threshold"]
    assert [0.9, 0.6] == [
        evaluate(
            decided,
            confidence_threshold=asked,
            states={"result": {"Payload": {"recommended_threshold": 0.6}}},
        )
        for asked in (0.9, 0)
    ]


def assigned(place: dict[str, Any]) -> bool:
    """Return whether a state or one of its choices assigns the threshold."""
    return "confidence_threshold" in place.get("Assign", {})


def test_definitions_use_nothing_that_the_local_cloud_ignores(
    definitions: dict[str, dict[str, Any]],
) -> None:
    assert {"JSONata"} == {definition["QueryLanguage"] for definition in definitions.values()}
    text = json.dumps(definitions)
    json_path = [
        "InputPath",
        "Parameters",
        "ResultSelector",
        "ResultPath",
        "OutputPath",
        "ItemBatcher",
    ]
    assert [] == [field for field in json_path if f'"{field}"' in text]
    assert [] == [
        name for name, s in states_of(definitions) if s["Type"] == "Succeed" and "Output" in s
    ]


LONGEST_EXPRESSION = 160  # characters


def test_every_expression_is_short(definitions: dict[str, dict[str, Any]]) -> None:
    expressions = [text for text in strings(definitions) if text.startswith("{%")]
    assert [] == [text for text in expressions if len(text) > LONGEST_EXPRESSION]


@pytest.mark.parametrize("service", ["dynamodb:putItem", "events:putEvents", "s3:headObject"])
def test_only_the_image_workflow_records_and_announces(
    definitions: dict[str, dict[str, Any]], service: str
) -> None:
    callers = {
        where.partition(": ")[0]
        for where, state in states_of(definitions)
        if state.get("Resource", "").endswith(service)
    }
    assert {"image_classification"} == callers


@pytest.mark.parametrize(
    ("end", "version_id", "cause"),
    [
        ("No such image", "dsf", "null (Service: S3, Status Code: 400, Request ID: 4N4N)"),
        ("No such image", "marker", "(Service: S3, Status Code: 405, Request ID: 4N4N)"),
        ("No access", None, "null (Service: S3, Status Code: 400, Request ID: 4N4N)"),
        ("Find version again", "v1", "Slow Down (Service: S3, Status Code: 503, Request ID: 400)"),
        ("Find version again", "v1", "Forbidden (Service: S3, Status Code: 403, Request ID: 4N4N)"),
        ("Find version again", "v1", None),
    ],
    ids=["malformed", "delete marker", "no version named", "throttled", "denied", "no cause"],
)
def test_unknown_version_id_is_distinguished_from_transient_errors(
    states: dict[str, Any], end: str, version_id: str | None, cause: str | None
) -> None:
    state, caught = states["Unknown version?"], states["Find version"]["Catch"][1]
    error_output = {"Error": "S3.S3Exception", **({"Cause": cause} if cause else {})}
    refusal = evaluate(caught["Assign"]["refusal"], states={"errorOutput": error_output})
    version = Utils.NULL_VALUE if version_id is None else version_id
    holding = [
        choice["Next"]
        for choice in state["Choices"]
        if evaluate(choice["Condition"], version_id=version, refusal=refusal)
    ]
    assert [*holding, state["Default"]][0] == end


@pytest.mark.parametrize(
    ("announced", "record", "ended_with"),
    [
        (False, {"outcome": "ACCEPTED"}, "States.Timeout"),
        (True, {"outcome": "FAILED", "error": "Workflow.Timeout"}, "Workflow.Timeout"),
        (False, {"outcome": "FAILED", "error": "Workflow.Timeout"}, "States.Timeout"),
        (False, {"outcome": "FAILED", "error": "EndpointTimeoutError"}, "States.Timeout"),
        (
            False,
            {"outcome": "FAILED", "error": "ExecutionAborted", "processing_time_ms": None},
            "ExecutionAborted",
        ),
        (True, {"outcome": "ACCEPTED", "execution": "arn:another"}, "States.Timeout"),
        (
            True,
            {"outcome": "FAILED", "execution": "arn:another", "processing_time_ms": None},
            "States.Timeout",
        ),
    ],
    ids=[
        "accepted, then failed",
        "failed as recorded",
        "failed by a timeout as recorded, then timed out",
        "failed as recorded, then once more",
        "recorded by record_failure, whose announcement failed",
        "decided by another",
        "recorded by record_failure for another",
    ],
)
def test_outcome_whose_announcement_failed_is_announced_again(
    announced: bool, record: dict[str, Any], ended_with: str, states: dict[str, Any]
) -> None:
    [choice] = states["Announced?"]["Choices"]
    found = _without_none({"execution": "arn:e", "processing_time_ms": 245, **record})
    again = evaluate(
        choice["Condition"], states={"input": found}, execution="arn:e", failed_with=ended_with
    )
    assert announced is not again


def test_duplicate_of_an_image_announces_nothing(states: dict[str, Any]) -> None:
    [choice] = states["Announced?"]["Choices"]
    found = {"execution": "arn:e", "error": "E"}
    null = Utils.NULL_VALUE
    assert (
        evaluate(choice["Condition"], states={"input": found}, execution="arn:e", failed_with=null)
        is False
    )


def _without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None}


def details_of(states: dict[str, Any], **variables: Any) -> dict[str, Any]:
    """Return the details of an error: fields of the result that not every error has."""
    known = {"started_at": 0, "confidence_threshold": 0.8} | variables
    found: dict[str, Any] = evaluate(states["Explain error"]["Assign"]["details"], **known)
    return found


def recorded_details(states: dict[str, Any], details: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of the record that come from the details."""
    item = states["Record error"]["Arguments"]["Item"]
    names = ("processing_time_ms", "confidence_threshold")
    return {name: evaluate(item[name], details=details) for name in names}


def test_only_an_error_of_the_execution_itself_has_a_duration(states: dict[str, Any]) -> None:
    # "Announced?" sees by it which execution wrote a record.
    null = Utils.NULL_VALUE
    own = details_of(states, failed_with=null, outcome="FAILED")
    another = details_of(states, failed_with="States.Timeout", outcome="FAILED")
    assert {"processing_time_ms", "confidence_threshold"} == set(own)
    assert {"confidence_threshold"} == set(another)
    assert {"NULL": True} == recorded_details(states, another)["processing_time_ms"]
    assert {"N": "245"} == recorded_details(states, {"processing_time_ms": 245})[
        "processing_time_ms"
    ]


def test_unreadable_image_has_no_threshold_and_a_failure_keeps_the_requested_one(
    states: dict[str, Any],
) -> None:
    # No confidence was compared with a threshold; redrive repeats a failure with the same one.
    null = Utils.NULL_VALUE
    unreadable = details_of(states, failed_with=null, outcome="UNREADABLE")
    failed = details_of(states, failed_with=null, outcome="FAILED")
    assert {"processing_time_ms"} == set(unreadable)
    assert {"NULL": True} == recorded_details(states, unreadable)["confidence_threshold"]
    assert {"N": "0.8"} == recorded_details(states, failed)["confidence_threshold"]
    assert "confidence_threshold" not in states["Explain error"]["Assign"]["result"]


@pytest.mark.parametrize(
    ("recorded", "error"),
    [
        ("Workflow.Timeout", "States.Timeout"),
        ("Workflow.DataLimitExceeded", "States.DataLimitExceeded"),
        ("Workflow.Unknown", None),
        ("Lambda.Unknown", "Lambda.Unknown"),
        ("EndpointNotFoundError", "EndpointNotFoundError"),
        ("OurStates.Error", "OurStates.Error"),
    ],
)
def test_no_error_is_recorded_or_raised_under_a_reserved_name(
    states: dict[str, Any], recorded: str, error: str | None
) -> None:
    error_output = {"Error": error} if error else {}
    explained = states["Explain error"]["Assign"]["result"]["error"]
    assert recorded == evaluate(explained, states={"input": error_output})
    assert "{% $result.error %}" == states["Failed"]["Error"]


def substituted(workflow: str) -> str:
    """A definition with values of the right form for its placeholders."""
    text = (ROOT / f"statemachine/{workflow}.asl.json").read_text()
    return re.sub(r"\$\{(\w+)\}", lambda match: SUBSTITUTIONS.get(match[1], "name"), text)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_expression_is_jsonata(workflow: str) -> None:
    expressions = [
        text[2:-2] for text in strings(json.loads(substituted(workflow))) if text.startswith("{%")
    ]
    assert expressions
    for expression in expressions:
        Jsonata(expression)


def inlined(workflow: str) -> str:
    """A template that has a definition in itself, where cfn-lint reads it."""
    # A map's numbers may be expressions ("Using Map state in Distributed mode"), unlike the schema.
    text = re.sub(
        r'"(MaxConcurrency|ToleratedFailurePercentage)": "[^"]+"', r'"\1": 1', substituted(workflow)
    )
    properties = {
        "RoleArn": "arn:aws:iam::123456789012:role/workflow",
        "Definition": json.loads(text),
    }
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    return json.dumps(
        {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Workflow": resource}}
    )


def test_definitions_pass_the_schema_of_cfn_lint(tmp_path: Path) -> None:
    paths = [tmp_path / f"{workflow}.json" for workflow in WORKFLOWS]
    for path in paths:
        path.write_text(inlined(path.stem))

    result = subprocess.run(
        ["cfn-lint", "--", *map(str, paths)], capture_output=True, text=True, check=False
    )

    assert 0 == result.returncode, result.stderr
    assert "" == result.stdout


@pytest.mark.parametrize(
    ("cause", "error_output"),
    [
        (
            "The image is empty.",
            {"Error": "E", "Cause": '{"errorMessage": "The image is empty.", "errorType": "E"}'},
        ),
        ("Rate exceeded", {"Error": "E", "Cause": "Rate exceeded"}),
        ('{"errorMessage": "cut o', {"Error": "E", "Cause": '{"errorMessage": "cut o'}),
        ('{"errorType": "t"}', {"Error": "E", "Cause": '{"errorType": "t"}'}),
        ("No cause was given.", {"Error": "States.Timeout"}),
        ("x" * 2000, {"Error": "E", "Cause": json.dumps({"errorMessage": "x" * 9000})}),
    ],
)
def test_every_cause_of_a_failure_becomes_a_sentence(
    states: dict[str, Any], cause: str, error_output: dict[str, str]
) -> None:
    text = states["Explain error"]["Assign"]["result"]["cause"]
    assert cause == evaluate(text, states={"input": error_output})


def evaluate(text: str, **variables: object) -> Any:
    """Evaluate a JSONata text as Step Functions does."""
    expression = Jsonata(text[2:-2])
    expression.register_lambda("parse", json.loads)  # Step Functions' own function
    frame = expression.create_frame()
    for name, value in variables.items():
        frame.bind(name, value)
    return expression.evaluate(None, frame)


def filled(template: Any, **variables: object) -> Any:
    """Evaluate all expressions of a JSON template."""
    if isinstance(template, dict):
        return {name: filled(value, **variables) for name, value in template.items()}
    return (
        evaluate(template, **variables)
        if isinstance(template, str) and "{%" in template
        else template
    )


RESULTS = {
    "Record prediction": {
        "image_processed": True,
        "outcome": "ACCEPTED",
        "classification": "a",
        "confidence_score": 0.92,
        "passed_threshold": True,
        "class_probabilities": {"a": 1, "b": 0},
        "confidence_threshold": 0,
        "endpoint": "e",
        "variant": "v",
        "model_digest": "sha256:0123",
        "image_hash": "f0f0f0f08787c3c3",
        "audit": {"drawn": True, "probability": 0.01},
        "processing_time_ms": 245,
    },
    "Record error": {
        "image_processed": False,
        "outcome": "FAILED",
        "error": "E",
        "cause": "",
    },
}


@pytest.mark.parametrize("state", RESULTS)
def test_record_and_result_say_the_same_in_both_directions(
    states: dict[str, Any], state: str
) -> None:
    address = {"image_url": "s3://b/k", "version": "v"}
    result = address | RESULTS[state]
    payload = result | {"waits_for": "AUDIT"}
    variables = address | {
        "result": result,
        "details": {},
        "execution": "arn",
        "uploaded_at": "2026-01-15T09:30:00Z#00",
    }
    embedding = f"0123456789ab:{'A' * 92}" if state == "Record prediction" else None
    given = filled(
        states["Filter inferences"]["Output"],
        states={"result": {"Payload": payload}, "input": result},
        **(variables | result | {"embedding": embedding}),
    )
    item = filled(states[state]["Arguments"]["Item"], states={"input": given}, **variables)
    read = evaluate(states["Read record"]["Output"], states={"result": {"Item": item}})
    assert result == {name: read[name] for name in result}
    recorded = {"waits_for", "embedding"} if state == "Record prediction" else set()
    assert {"uploaded_at", "execution", "recorded_at"} | recorded == set(read) - set(result)
    assert embedding == read.get("embedding")


def test_sample_of_the_outcomes_event_equals_the_workflows_event(
    states: dict[str, Any],
) -> None:
    sample = json.loads((ROOT / "events/image_decided.json").read_text())
    [entry] = states["Announce outcome"]["Arguments"]["Entries"]
    assert entry["Source"] == sample["source"]
    assert entry["DetailType"] == sample["detail-type"]
    assert list(states["Filter inferences"]["Assign"]["result"]) == list(sample["detail"])


@pytest.mark.parametrize(("named", "execution"), [([], "arn:own"), (["arn:failed"], "arn:failed")])
def test_event_names_the_execution_of_its_outcome_first_and_once(
    states: dict[str, Any], named: list[str], execution: str
) -> None:
    # Step Functions appends the ARNs of the execution that puts the event and of its state machine.
    first, second = json.loads((ROOT / "events/image_decided.json").read_text())["resources"]
    assert "execution" == first.split(":")[5]
    assert "stateMachine" == second.split(":")[5]
    assert first.rpartition(":")[0] == second.replace(":stateMachine:", ":execution:")
    [entry] = states["Announce outcome"]["Arguments"]["Entries"]
    own = {"context": {"Execution": {"Id": "arn:own"}}}
    assert named == evaluate(entry["Resources"], execution=execution, states=own)


def test_refused_image_has_a_sentence_for_every_reason(states: dict[str, Any]) -> None:
    refusals = [
        place
        for state in ("Read input", "Valid input?")
        for place in [
            *states[state]["Choices"],
            {**states[state], "Next": states[state]["Default"]},
        ]
        if place["Next"] == "Invalid image URL"
    ]
    problems = [place["Assign"]["problem"] for place in refusals]
    assert len(problems) == len(set(problems)) == 8
    assert [] == [problem for problem in problems if not re.fullmatch(r"[A-Z].+\.", problem)]


UPLOAD = json.loads((ROOT / "events/workflow_s3_event.json").read_text())
ENDED = {
    "executionArn": "arn:e",
    "status": "ABORTED",
    "error": None,
    "cause": None,
    "input": json.dumps(UPLOAD),
}


@pytest.mark.parametrize(
    ("expected", "body", "attributes"),
    [
        (
            ("arn:own", "NO_PERMISSIONS", "Denied."),
            UPLOAD,
            {"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "Denied."},
        ),
        (
            ("arn:e", "E", "why"),
            {"detail": {**ENDED, "status": "FAILED", "error": "E", "cause": "why"}},
            {},
        ),
        (("arn:e", "States.Timeout", None), {"detail": {**ENDED, "status": "TIMED_OUT"}}, {}),
        (("arn:e", "ExecutionAborted", None), {"detail": ENDED}, {}),
    ],
    ids=["undelivered upload", "failed", "timed out", "aborted"],
)
def test_message_of_the_failure_queue_becomes_a_request_to_record_it(
    definitions: dict[str, dict[str, Any]],
    expected: tuple[Any, ...],
    body: Any,
    attributes: dict[str, str],
) -> None:
    message = {
        "body": json.dumps(body),
        "messageAttributes": {name: {"stringValue": value} for name, value in attributes.items()},
    }
    failure_states = definitions["record_failure"]["States"]
    states = {"input": [message], "context": {"Execution": {"Id": "arn:own"}}}
    read = filled(failure_states["Read message"]["Assign"], states=states)
    choice = failure_states["Which failure?"]
    places = [*choice["Choices"], {**choice, "Condition": "{% true %}"}]
    chosen = next(place for place in places if evaluate(place["Condition"], **read) is True)
    assigned = filled(chosen["Assign"], states=states, **read)
    cause = (
        expected[2]
        or f"The execution ended as {body['detail']['status']} before it had recorded an outcome."
    )
    failure = dict(zip(("execution", "Error", "Cause"), (*expected[:2], cause), strict=True))
    assert failure == assigned["failure"]
    assert UPLOAD == assigned["request"]

    sent = evaluate(failure_states["Record failure"]["Arguments"]["Input"], **assigned)
    assert {**UPLOAD, "failure": failure} == json.loads(sent)


@pytest.mark.parametrize(
    ("end", "answer"),
    [
        ("Recorded", {"Status": "SUCCEEDED"}),
        ("Nothing to record", {"Status": "FAILED", "Error": "InvalidImageUrlError"}),
        ("Nothing to record", {"Status": "FAILED", "Error": "ImageNotFoundError"}),
        ("Not recorded", {"Status": "FAILED", "Error": "DynamoDB.ThrottlingException"}),
        ("Not recorded", {"Status": "TIMED_OUT"}),
    ],
)
def test_message_stays_in_the_queue_unless_its_failure_is_recorded(
    definitions: dict[str, dict[str, Any]], end: str, answer: dict[str, str]
) -> None:
    state = definitions["record_failure"]["States"]["Recorded?"]
    holding = [
        choice["Next"]
        for choice in state["Choices"]
        if evaluate(choice["Condition"], states={"input": answer}) is True
    ]
    assert end == [*holding, state["Default"]][0]


def test_workflow_names_every_refusal_that_leaves_nothing_to_record(
    definitions: dict[str, dict[str, Any]], states: dict[str, Any]
) -> None:
    refusals = {
        state["Error"]
        for state in states.values()
        if state["Type"] == "Fail" and not state["Error"].startswith("{%")
    }
    choice = definitions["record_failure"]["States"]["Recorded?"]["Choices"][1]
    assert refusals == set(re.findall(r"'(\w+Error)'", choice["Condition"]))
