"""The rules of the States Language against recorded verdicts of npm's asl-validator 4.0.0."""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from localcloud.states_language.rules import RULES, Rule, check
from localcloud.states_language.workflow import Finding
from tests.contract.recordings import recording
from tests.contract.recordings.workflows import DEFINITIONS, names, substituted

CASES = recording.read(recording.VERDICTS)
REFUSED = [case for case in CASES if case["refused_by"]]
REFUSED_BY_BOTH = [case for case in REFUSED if not case["asl_validator"]["valid"]]
# Some codes of asl-validator, as AWS names them. All others stand for a definition's form.
CODES = {
    "DUPLICATE_STATE_NAMES": "DUPLICATE_STATE_NAME",
    "MISSING_TERMINAL_STATE": "MISSING_END_STATE",
    "MISSING_TRANSITION_TARGET": "MISSING_TRANSITION_TARGET",
    "BRANCH_OUTBOUND_TRANSITION_TARGET": "MISSING_TRANSITION_TARGET",
    "MAP_OUTBOUND_TRANSITION_TARGET": "MISSING_TRANSITION_TARGET",
}
FORM = {
    "SCHEMA_VALIDATION_FAILED",
    "INVALID_RESOURCE",
    "INVALID_STATE_NAME",
    "INVALID_JSONATA_EXPRESSION",
}


def title(case: dict[str, Any]) -> str:
    return str(case["title"])


def findings(case: dict[str, Any], rules: Sequence[Rule] = RULES) -> list[Finding]:
    return list(check(case["definition"], express=case.get("express", False), rules=rules))


def broken_rules(case: dict[str, Any]) -> list[str]:
    return sorted({finding.rule for finding in findings(case)})


@pytest.mark.parametrize("case", CASES, ids=title)
def test_definition_is_refused_by_the_expected_rules(case: dict[str, Any]) -> None:
    assert sorted(case["refused_by"]) == broken_rules(case)


def test_rules_agree_with_asl_validator_unless_a_source_says_otherwise() -> None:
    explained = {case["title"] for case in CASES if case.get("differs")}
    different = [case for case in CASES if case["asl_validator"]["valid"] == bool(findings(case))]
    assert explained == {case["title"] for case in different}


def test_rules_and_asl_validator_refuse_many_definitions_alike() -> None:
    assert len(REFUSED_BY_BOTH) >= 30


@pytest.mark.parametrize("case", REFUSED_BY_BOTH, ids=title)
def test_refusal_has_the_code_of_asl_validator(case: dict[str, Any]) -> None:
    found = {finding.code for finding in check(case["definition"])}
    for code in case["asl_validator"]["codes"]:
        assert found & ({CODES[code]} if code in CODES else FORM), code


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_some_definition_is_accepted_once_the_rule_is_off(rule: Rule) -> None:
    alone = [case for case in REFUSED if case["refused_by"] == [rule.name]]
    assert alone
    others = [other for other in RULES if other is not rule]
    for case in alone:
        assert [] == findings(case, others)


@pytest.mark.parametrize("workflow", names())
def test_our_definition_is_accepted_once_it_is_substituted(workflow: str) -> None:
    assert [] == list(check(substituted(workflow)))


@pytest.mark.parametrize("workflow", names())
def test_placeholder_is_not_a_resource(workflow: str) -> None:
    definition = json.loads((DEFINITIONS / f"{workflow}.asl.json").read_text())
    assert "INVALID_RESOURCE" in {finding.code for finding in check(definition)}


def test_finding_names_code_place_and_reason() -> None:
    [case] = [case for case in CASES if case["title"] == "the same name in two maps"]
    [finding] = check(case["definition"])
    assert "DUPLICATE_STATE_NAME" == finding.code
    assert "/States/Two/ItemProcessor/States/Item" == finding.path
    sentence = "Another state has the name 'Item'. Names are unique in a definition."
    assert sentence == finding.message


def test_value_of_the_wrong_json_type_never_stops_the_rules() -> None:
    for case in CASES:
        if not case["refused_by"]:
            for definition in mutants(case["definition"]):
                list(check(definition))


def mutants(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the definition with each of its values replaced by one of another JSON type."""
    others: list[Any] = [None, 7, "text", [], [7], {}, {"Type": []}]
    for path in places(definition):
        for value in others:
            mutant = copy.deepcopy(definition)
            holder: Any = mutant
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = value
            yield mutant


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside of a JSON value."""
    if isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, step)
            yield from places(item, (*path, step))


def test_rules_import_no_emulator() -> None:
    code = "import sys, localcloud.states_language.rules; print(sorted(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "localcloud.states_language.rules" in ended.stdout
    assert "ministack" not in ended.stdout
