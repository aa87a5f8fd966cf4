"""The workflow's definition against the template, the functions' errors, the schema and the house rules."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonata import Jsonata

ROOT = Path(__file__).parents[2]
LAMBDA_SERVICE_ERRORS = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Sandbox.Timedout",
    "Runtime.ExitError",
    "Lambda.Unknown",
}
KEY_ORDER = ["Type", "Comment", "Resource", "Arguments", "TimeoutSeconds", "Choices", "Default", "Assign", "Output"]
KEY_ORDER += ["Retry", "Catch", "Error", "Cause", "Next"]
SUBSTITUTIONS = {"Partition": "aws", "ConfidenceThreshold": "0.8"}


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


def error_classes(folder: Path) -> set[str]:
    """Names of the error classes that a function's modules define and that are not merely a base of others."""
    classes = [node for path in folder.rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    found = {node.name: node for node in classes if isinstance(node, ast.ClassDef) and node.name.endswith("Error")}
    bases = {base.id for node in found.values() for base in node.bases if isinstance(base, ast.Name)}
    return set(found) - bases


def test_placeholders_equal_the_templates_substitutions(definition: dict[str, Any], resources: dict[str, Any]) -> None:
    substitutions = resources["ImageClassificationWorkflow"]["Properties"]["DefinitionSubstitutions"]
    placeholders = {name for text in strings(definition) for name in re.findall(r"\$\{(\w+)\}", text)}
    assert set(substitutions) == placeholders


def test_every_state_says_in_one_sentence_what_it_is_for(states: dict[str, Any]) -> None:
    assert {} == {
        name: s.get("Comment") for name, s in states.items() if not re.fullmatch(r"[A-Z].+\.", s.get("Comment", ""))
    }


def test_every_state_keeps_the_same_key_order(states: dict[str, Any]) -> None:
    unordered = [name for name, state in states.items() if sorted(state, key=KEY_ORDER.index) != list(state)]
    assert [] == unordered


def test_every_function_task_retries_the_lambda_service_errors_with_jitter(states: dict[str, Any]) -> None:
    for name, state in function_tasks(states).items():
        retried = {error for retrier in state["Retry"] for error in retrier["ErrorEquals"]}
        assert set() == LAMBDA_SERVICE_ERRORS - retried, name


def test_every_retry_has_jitter_and_bounds(states: dict[str, Any]) -> None:
    for name, state in tasks(states).items():
        for retrier in state["Retry"]:
            bounds = {"IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"}
            assert bounds | {"ErrorEquals"} == set(retrier), name
            assert retrier["JitterStrategy"] == "FULL", name


def test_states_all_stands_alone_as_the_last_catch_of_every_task(states: dict[str, Any]) -> None:
    for name, state in tasks(states).items():
        catches = [catcher["ErrorEquals"] for catcher in state["Catch"]]
        assert ["States.ALL"] == catches[-1], name
        assert not any("States.ALL" in names for names in catches[:-1]), name
        assert not any("States.ALL" in retrier["ErrorEquals"] for retrier in state["Retry"]), name


def test_states_all_does_not_stand_for_a_state_that_grew_too_large(states: dict[str, Any]) -> None:
    for name, state in function_tasks(states).items():
        assert any("States.DataLimitExceeded" in catcher["ErrorEquals"] for catcher in state["Catch"]), name


def test_a_functions_timeout_ends_before_its_state(states: dict[str, Any], template: dict[str, Any]) -> None:
    timeout = template["Globals"]["Function"]["Timeout"]
    for name, state in function_tasks(states).items():
        assert timeout < state["TimeoutSeconds"], name


@pytest.mark.parametrize("function", ["serialize_image", "classify_image", "filter_inferences"])
def test_error_names_of_a_task_equal_the_error_classes_of_its_function(function: str, states: dict[str, Any]) -> None:
    state = states[function.replace("_", " ").capitalize()]
    names = {name for rule in state["Retry"] + state["Catch"] for name in rule["ErrorEquals"] if "." not in name}
    assert error_classes(ROOT / "functions" / function) == names


def test_refused_input_fails_with_the_functions_own_error_names(states: dict[str, Any]) -> None:
    literal = {s["Error"] for s in states.values() if s["Type"] == "Fail" and not s["Error"].startswith("{%")}
    assert {"InvalidImageUrlError", "InvalidThresholdError"} == literal


def test_definition_uses_nothing_that_the_local_cloud_ignores(
    definition: dict[str, Any], states: dict[str, Any]
) -> None:
    assert "JSONata" == definition["QueryLanguage"]
    text = json.dumps(definition)
    json_path = ["InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "ItemBatcher", "ResultWriter"]
    assert [] == [field for field in json_path if f'"{field}"' in text]
    assert [] == [name for name, state in states.items() if state["Type"] == "Succeed" and "Output" in state]


def substituted() -> str:
    """The definition with values of the right form for its placeholders."""
    text = (ROOT / "statemachine/image_classification.asl.json").read_text()
    return re.sub(r"\$\{(\w+)\}", lambda match: SUBSTITUTIONS.get(match[1], "name"), text)


def test_every_expression_is_jsonata() -> None:
    expressions = [text[2:-2] for text in strings(json.loads(substituted())) if text.startswith("{%")]
    assert len(expressions) > 50
    for expression in expressions:
        Jsonata(expression)


def test_definition_passes_the_schema_of_cfn_lint(tmp_path: Path) -> None:
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/workflow", "Definition": json.loads(substituted())}
    workflow = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    path = tmp_path / "inlined.json"
    path.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Workflow": workflow}}))
    result = subprocess.run(["cfn-lint", str(path)], capture_output=True, text=True, check=False)
    assert (0, "") == (result.returncode, result.stdout)


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
    expression = Jsonata(states["Explain failure"]["Assign"]["cause"][2:-2])
    expression.register_lambda("parse", json.loads)  # Step Functions' own function
    frame = expression.create_frame()
    frame.bind("states", {"input": error_output})
    assert cause == expression.evaluate(None, frame)
