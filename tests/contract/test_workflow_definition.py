"""The workflows' definitions against the template, the schema and the house rules; their bounds: tests/security."""

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

from functions.classify_image.app import ENDPOINT_CONFIG, SERVERLESS_CONFIG, SSM_CONFIG
from localcloud.stepfunctions.retries import delay_seconds
from tests.security.gate.workflows import states as states_of
from tests.soak.endpoint_calls import SERVERLESS_ERRORS, calls_per_execution

ROOT = Path(__file__).parents[2]
KEY_ORDER = ["Type", "Comment", "Resource", "Label", "ItemReader", "ItemSelector", "MaxConcurrency"]
KEY_ORDER += ["ToleratedFailurePercentage", "ItemProcessor", "ResultWriter", "Arguments", "TimeoutSeconds", "Choices"]
KEY_ORDER += ["Default", "Assign", "Output", "Retry", "Catch", "Error", "Cause", "Next", "End"]
SUBSTITUTIONS = {"Partition": "aws", "ConfidenceThreshold": "0.8"}
WORKFLOWS = {
    "image_classification": "ImageClassificationWorkflow",
    "record_failure": "RecordFailureWorkflow",
    "backlog": "BacklogWorkflow",
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
    return {name: state for name, state in tasks(states).items() if "lambda:invoke" in state["Resource"]}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_placeholders_equal_the_templates_substitutions(
    workflow: str, definitions: dict[str, dict[str, Any]], resources: dict[str, Any]
) -> None:
    substitutions = resources[WORKFLOWS[workflow]]["Properties"]["DefinitionSubstitutions"]
    placeholders = {name for text in strings(definitions[workflow]) for name in re.findall(r"\$\{(\w+)\}", text)}
    assert set(substitutions) == placeholders


def test_every_workflow_is_deployed(definitions: dict[str, dict[str, Any]]) -> None:
    assert set(WORKFLOWS) == set(definitions)


def test_state_names_are_unique_in_the_whole_machine(definitions: dict[str, dict[str, Any]]) -> None:
    # AWS refuses a definition that repeats a name, be it in another map's processor: DUPLICATE_STATE_NAME.
    for workflow, definition in definitions.items():
        names = Counter(where.rpartition(": ")[2] for where, _ in states_of({workflow: definition}))
        assert {} == {name: count for name, count in names.items() if count > 1}, workflow


def test_both_maps_of_a_backlog_classify_an_image_alike(definitions: dict[str, dict[str, Any]]) -> None:
    states = definitions["backlog"]["States"]
    maps = [states["Classify list"]["ItemProcessor"], states["Classify prefix"]["ItemProcessor"]]
    ([listed], [stored]) = (list(processor["States"].values()) for processor in maps)
    assert listed == stored


def test_every_state_says_in_one_sentence_what_it_is_for(definitions: dict[str, dict[str, Any]]) -> None:
    comments = {name: state.get("Comment", "") for name, state in states_of(definitions)}
    assert {} == {name: text for name, text in comments.items() if not re.fullmatch(r"[A-Z].+\.", text)}


def test_every_state_keeps_the_same_key_order(definitions: dict[str, dict[str, Any]]) -> None:
    states = states_of(definitions)
    assert [] == [name for name, state in states if sorted(state, key=KEY_ORDER.index) != list(state)]


def test_an_image_costs_the_endpoint_at_most_three_calls(definition: dict[str, Any]) -> None:
    assert 3 == calls_per_execution(definition)


# A model has 180 s to load and 60 to answer: SageMaker developer guide, "Invoke a serverless endpoint".
COLD_START_SECONDS = 300


def cold_start_retrier(states: dict[str, Any]) -> dict[str, Any]:
    [retrier] = [r for r in states["Classify image"]["Retry"] if set(r["ErrorEquals"]) == SERVERLESS_ERRORS]
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
        sum(delay_seconds(retrier, number, random.uniform) for number in range(retrier["MaxAttempts"]))
        for _ in range(4000)
    ]
    shorter = sum(span < COLD_START_SECONDS for span in spans) / len(spans)
    assert shorter <= 0.001  # the true share is 0.0002, the mean 545 s


@pytest.mark.parametrize("config", [ENDPOINT_CONFIG, SERVERLESS_CONFIG], ids=["realtime", "serverless"])
def test_model_card_and_endpoint_answer_before_the_function_ends(config: Any, template: dict[str, Any]) -> None:
    card, endpoint = vars(SSM_CONFIG), vars(config)
    reading = card["retries"]["total_max_attempts"] * (card["connect_timeout"] + card["read_timeout"])
    asking = endpoint["retries"]["total_max_attempts"] * (endpoint["connect_timeout"] + endpoint["read_timeout"])
    assert reading + asking < template["Globals"]["Function"]["Timeout"] - 2


def test_a_functions_timeout_ends_before_its_state(states: dict[str, Any], template: dict[str, Any]) -> None:
    timeout = template["Globals"]["Function"]["Timeout"]
    for name, state in function_tasks(states).items():
        assert timeout < state["TimeoutSeconds"], name


def test_refused_input_fails_with_the_functions_own_error_names(states: dict[str, Any]) -> None:
    literal = {s["Error"] for s in states.values() if s["Type"] == "Fail" and not s["Error"].startswith("{%")}
    assert {"InvalidImageUrlError", "InvalidThresholdError", "ImageNotFoundError", "ImageAccessDeniedError"} == literal


def test_threshold_that_was_asked_for_is_never_replaced_by_the_model_cards(states: dict[str, Any]) -> None:
    # A failure records it, and redrive asks for it again: by then the model card may be another one.
    asked = {name for name, state in states.items() for choice in state.get("Choices", [state]) if assigned(choice)}
    assert {"Read input"} == asked
    decided = states["Classify image"]["Output"]["confidence_threshold"]
    assert [0.9, 0.6] == [
        evaluate(decided, confidence_threshold=asked, states={"result": {"Payload": {"recommended_threshold": 0.6}}})
        for asked in (0.9, 0)
    ]


def assigned(place: dict[str, Any]) -> bool:
    """Whether a state, or a choice of one, assigns the threshold."""
    return "confidence_threshold" in place.get("Assign", {})


def test_definitions_use_nothing_that_the_local_cloud_ignores(definitions: dict[str, dict[str, Any]]) -> None:
    assert {"JSONata"} == {definition["QueryLanguage"] for definition in definitions.values()}
    text = json.dumps(definitions)
    json_path = ["InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "ItemBatcher"]
    assert [] == [field for field in json_path if f'"{field}"' in text]
    assert [] == [name for name, s in states_of(definitions) if s["Type"] == "Succeed" and "Output" in s]


def test_both_workflows_that_record_read_an_image_in_the_same_way(definitions: dict[str, dict[str, Any]]) -> None:
    workflow, failure = (definitions[name]["States"] for name in ("image_classification", "record_failure"))
    (shape, *forms), (same_shape, *same_forms) = (
        state["Choices"] for state in (workflow["Read input"], failure["Which image?"])
    )
    assert shape["Condition"] == same_shape["Condition"]
    assert forms == same_forms
    refused = {"Invalid image URL": "Nothing to record", "Invalid threshold": "Nothing to record"}
    accepted = {"Find version": "Find version", "Open record": "Record failure"}
    valid, recorded = (
        [*map(rule, state["Choices"]), (None, state["Default"])]
        for state in (workflow["Valid input?"], failure["Valid input?"])
    )
    assert [(condition, (refused | accepted)[end]) for condition, end in valid] == recorded
    for state in ("Find version", "Find version again"):
        for key in ("Arguments", "Assign", "Retry"):
            assert workflow[state][key] == failure[state][key]
    assert [workflow["Find version"][key] for key in ("Arguments", "Assign")] == [
        workflow["Find version again"][key] for key in ("Arguments", "Assign")
    ]
    assert workflow["Read record"]["Output"] == failure["Read record"]["Assign"]["result"]


def rule(choice: dict[str, Any]) -> tuple[str, str]:
    """Return the condition of a choice, and where it leads."""
    return choice["Condition"], choice["Next"]


def test_expressions_that_read_and_validate_the_input_are_short(definitions: dict[str, dict[str, Any]]) -> None:
    reading = {"image_classification": "Read input", "record_failure": "Which image?"}
    for workflow, state in reading.items():
        states = definitions[workflow]["States"]
        choices = strings([states[state]["Choices"], states["Valid input?"]["Choices"]])
        assert [] == [text for text in choices if len(text) > 160], workflow


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
@pytest.mark.parametrize("workflow", ["image_classification", "record_failure"])
def test_version_id_that_s3_does_not_know_is_told_from_what_passes(
    definitions: dict[str, dict[str, Any]], workflow: str, end: str, version_id: str | None, cause: str | None
) -> None:
    state = definitions[workflow]["States"]["Unknown version?"]
    error_output = {"Error": "S3.S3Exception", **({"Cause": cause} if cause else {})}
    version = Utils.NULL_VALUE if version_id is None else version_id
    holding = [
        choice["Next"]
        for choice in state["Choices"]
        if evaluate(choice["Condition"], version_id=version, states={"input": error_output})
    ]
    recorded = end if end == "Find version again" else "Nothing to record"
    assert [*holding, state["Default"]][0] == (end if workflow == "image_classification" else recorded)


@pytest.mark.parametrize(
    ("announced", "record", "ended_with"),
    [
        (False, {"outcome": "ACCEPTED"}, "States.Timeout"),
        (True, {"outcome": "FAILED", "error": "Workflow.Timeout"}, "Workflow.Timeout"),
        (False, {"outcome": "FAILED", "error": "Workflow.Timeout"}, "States.Timeout"),
        (False, {"outcome": "FAILED", "error": "EndpointTimeoutError"}, "States.Timeout"),
        (False, {"outcome": "FAILED", "error": "ExecutionAborted", "processing_time_ms": None}, "ExecutionAborted"),
        (True, {"outcome": "ACCEPTED", "execution": "arn:another"}, "States.Timeout"),
        (True, {"outcome": "FAILED", "execution": "arn:another", "processing_time_ms": None}, "States.Timeout"),
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
    announced: bool, record: dict[str, Any], ended_with: str, definitions: dict[str, dict[str, Any]]
) -> None:
    [choice] = definitions["record_failure"]["States"]["Announced?"]["Choices"]
    result = {"execution": "arn:e", "processing_time_ms": 245, **record}
    again = evaluate(choice["Condition"], result=_without_none(result), execution="arn:e", error=ended_with)
    assert announced is not again


def _without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None}


def test_only_records_of_the_workflow_have_a_duration(definitions: dict[str, dict[str, Any]]) -> None:
    # "Announced?" tells by it who wrote a record.
    workflow, failure = (definitions[name]["States"] for name in ("image_classification", "record_failure"))
    assert "processing_time_ms" in workflow["Record outcome"]["Arguments"]["Item"]
    assert "processing_time_ms" not in failure["Record failure"]["Arguments"]["Item"]


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
    definitions: dict[str, dict[str, Any]], states: dict[str, Any], recorded: str, error: str | None
) -> None:
    error_output = {"Error": error} if error else {}
    explained = states["Explain failure"]["Assign"]["result"]["error"]
    assert recorded == evaluate(explained, states={"input": error_output})
    assert "{% $result.error %}" == states["Failed"]["Error"]
    failure = definitions["record_failure"]["States"]["Record failure"]
    names = [failure["Arguments"]["Item"]["error"]["S"], failure["Assign"]["result"]["error"]]
    assert [recorded] * 2 == [evaluate(name, error=error or "States.Unknown") for name in names]


def substituted(workflow: str) -> str:
    """A definition with values of the right form for its placeholders."""
    text = (ROOT / f"statemachine/{workflow}.asl.json").read_text()
    return re.sub(r"\$\{(\w+)\}", lambda match: SUBSTITUTIONS.get(match[1], "name"), text)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_expression_is_jsonata(workflow: str) -> None:
    expressions = [text[2:-2] for text in strings(json.loads(substituted(workflow))) if text.startswith("{%")]
    assert len(expressions) > 10
    for expression in expressions:
        Jsonata(expression)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_definition_passes_the_schema_of_cfn_lint(workflow: str, tmp_path: Path) -> None:
    # A map's numbers may be expressions (Step Functions, "Using Map state in Distributed mode"); the schema denies it.
    text = re.sub(r'"(MaxConcurrency|ToleratedFailurePercentage)": "[^"]+"', r'"\1": 1', substituted(workflow))
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/workflow", "Definition": json.loads(text)}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    path = tmp_path / "inlined.json"
    path.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Workflow": resource}}))
    result = subprocess.run(["cfn-lint", str(path)], capture_output=True, text=True, check=False)
    assert 0 == result.returncode
    assert "" == result.stdout


@pytest.mark.parametrize(
    ("cause", "error_output"),
    [
        ("The image is empty.", {"Error": "E", "Cause": '{"errorMessage": "The image is empty.", "errorType": "E"}'}),
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
    text = states["Explain failure"]["Assign"]["result"]["cause"]
    assert cause == evaluate(text, states={"input": error_output})


def evaluate(text: str, **variables: object) -> Any:
    """What Step Functions makes of a JSONata text; it gives null no form of its own in what it binds."""
    expression = Jsonata(text[2:-2])
    expression.register_lambda("parse", json.loads)  # Step Functions' own function
    frame = expression.create_frame()
    for name, value in variables.items():
        frame.bind(name, value)
    return expression.evaluate(None, frame)


def test_record_and_result_say_the_same_in_both_directions(states: dict[str, Any]) -> None:
    result = {"image_processed": True, "outcome": "ACCEPTED", "confidence_score": 0.92, "class_probabilities": {"a": 1}}
    context = {"states": {"context": {"Execution": {"Id": "arn"}}}, "uploaded_at": "2026-01-15T09:30:00Z#00"}
    item = evaluate(states["Record outcome"]["Arguments"]["Item"], result=result, **context)
    assert {"BOOL": True} == item["image_processed"]
    assert {"M": {"a": {"N": "1"}}} == item["class_probabilities"]
    read = evaluate(states["Read record"]["Output"], states={"result": {"Item": item}})
    assert result == {name: read[name] for name in result}
    assert {"uploaded_at", "execution", "recorded_at"} == set(read) - set(result)


def test_sample_of_the_outcomes_event_is_what_the_workflow_announces(states: dict[str, Any]) -> None:
    sample = json.loads((ROOT / "events/image_decided.json").read_text())
    [entry] = states["Announce outcome"]["Arguments"]["Entries"]
    assert entry["Source"] == sample["source"]
    assert entry["DetailType"] == sample["detail-type"]
    assert list(states["Filter inferences"]["Assign"]["result"]) == list(sample["detail"])


def test_event_names_the_execution_of_its_outcome_first_and_once(definitions: dict[str, dict[str, Any]]) -> None:
    # Step Functions appends the ARNs of the execution that puts the event and of its state machine.
    first, second = json.loads((ROOT / "events/image_decided.json").read_text())["resources"]
    assert "execution" == first.split(":")[5]
    assert "stateMachine" == second.split(":")[5]
    assert first.rpartition(":")[0] == second.replace(":stateMachine:", ":execution:")
    [entry] = definitions["image_classification"]["States"]["Announce outcome"]["Arguments"]["Entries"]
    assert "Resources" not in entry
    [entry] = definitions["record_failure"]["States"]["Announce outcome"]["Arguments"]["Entries"]
    assert ["{% $execution %}"] == entry["Resources"]


UPLOAD = json.loads((ROOT / "events/workflow_s3_event.json").read_text())
ENDED = {"executionArn": "arn:e", "status": "ABORTED", "error": None, "cause": None, "input": json.dumps(UPLOAD)}


@pytest.mark.parametrize(
    ("expected", "body", "attributes"),
    [
        (
            ("arn:own", "NO_PERMISSIONS", "Denied."),
            UPLOAD,
            {"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "Denied."},
        ),
        (("arn:e", "E", "why"), {"detail": {**ENDED, "status": "FAILED", "error": "E", "cause": "why"}}, {}),
        (("arn:e", "States.Timeout", None), {"detail": {**ENDED, "status": "TIMED_OUT"}}, {}),
        (("arn:e", "ExecutionAborted", None), {"detail": ENDED}, {}),
    ],
    ids=["undelivered upload", "failed", "timed out", "aborted"],
)
def test_message_of_the_failure_queue_names_execution_error_and_cause(
    definitions: dict[str, dict[str, Any]], expected: tuple[Any, ...], body: Any, attributes: dict[str, str]
) -> None:
    message = {
        "body": json.dumps(body),
        "messageAttributes": {name: {"stringValue": value} for name, value in attributes.items()},
    }
    state = definitions["record_failure"]["States"]["Read message"]
    states = {"input": [message], "context": {"Execution": {"Id": "arn:own"}}}
    execution, error, cause = (
        evaluate(state["Assign"][name], states=states) for name in ("execution", "error", "cause")
    )
    assert expected[:2] == (execution, error)
    assert cause == (
        expected[2] or f"The execution ended as {body['detail']['status']} before it had recorded an outcome."
    )
    assert UPLOAD == evaluate(state["Output"], states=states)
