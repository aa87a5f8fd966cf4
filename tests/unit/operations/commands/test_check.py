"""check: table, JSON and exit status; it creates nothing."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from cli.command_line import Result
from operations.check.answers import Outcome, Row
from operations.check.permissions import ACTIONS, policy
from operations.command_line import main
from operations.commands import check as command
from operations.service.context import Context
from tests.unit.operations.check.modelled_aws import ModelledAws, Reply, refusal
from tests.unit.operations.check.state_engine import answer_test_state
from untrusted.console import Console

QUOTAS = [
    {"QuotaName": "ml.g4dn.xlarge for training job usage", "Value": 1.0},
    {"QuotaName": "ml.m5.large for endpoint usage", "Value": 4.0},
]
WILLING: Mapping[str, Reply] = {
    "GetCallerIdentity": lambda _: {"Account": "123456789012"},
    "ValidateStateMachineDefinition": lambda _: {"result": "OK", "diagnostics": []},
    "TestState": answer_test_state,
    "ValidateTemplate": lambda _: {},
    "ValidatePolicy": lambda _: {"findings": []},
    "ListServiceQuotas": lambda _: {"Quotas": QUOTAS},
}
# The IAM actions of operations that are not called as the operation is, or have no action.
ACTION_OF = {
    "TestState": "states:TestState",
    "ValidateStateMachineDefinition": "states:ValidateStateMachineDefinition",
    "ValidateTemplate": "cloudformation:ValidateTemplate",
    "ValidatePolicy": "access-analyzer:ValidatePolicy",
    "ListServiceQuotas": "servicequotas:ListServiceQuotas",
}


@pytest.fixture(autouse=True)
def image_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the SDK of SageMaker, which takes seconds to import."""
    found = Row("image", "image-classification", Outcome.LOOKED_UP, "0.dkr.ecr")
    monkeypatch.setattr(command, "check_image", lambda _region: [found])


def check(options: Any, *arguments: str, **replies: Reply) -> tuple[Result, ModelledAws, str]:
    aws, shown = ModelledAws({**WILLING, **replies}), io.StringIO()
    context = Context(aws.connect(), "scones-unlimited", Console(file=shown, width=200))
    return command.run(context, options(command, *arguments)), aws, shown.getvalue()


def test_check_succeeds_when_everything_is_accepted(options: Any) -> None:
    result, _, shown = check(options)
    outcomes = result.data["outcomes"]
    assert 0 == result.status
    assert 1 == outcomes["looked up"]
    assert len(result.data["rows"]) == outcomes["accepted"] + outcomes["looked up"]
    summary = f"{len(result.data['rows'])} subjects in eu-west-1: {outcomes['accepted']} accepted"
    assert f"{summary}, 1 looked up." in shown


def test_check_creates_nothing_and_needs_exactly_what_it_prints(options: Any) -> None:
    _, aws, _ = check(options)
    called = {name for name, _ in aws.asked}
    assert {"GetCallerIdentity", *ACTION_OF} == called  # GetCallerIdentity needs no permission
    assert set(ACTIONS) == {ACTION_OF[name] for name in called - {"GetCallerIdentity"}}


@pytest.mark.parametrize(
    ("check_of", "operation", "code", "outcome"),
    [
        ("definition", "ValidateStateMachineDefinition", "AccessDeniedException", Outcome.DENIED),
        ("state", "TestState", "AccessDeniedException", Outcome.DENIED),
        ("template", "ValidateTemplate", "AccessDenied", Outcome.DENIED),
        ("policy", "ValidatePolicy", "AccessDeniedException", Outcome.DENIED),
        ("quota", "ListServiceQuotas", "AccessDeniedException", Outcome.DENIED),
        ("state", "TestState", "ThrottlingException", Outcome.UNANSWERED),
        ("template", "ValidateTemplate", "ValidationError", Outcome.REFUSED),
    ],
)
def test_failing_call_is_reported_and_other_checks_continue(
    options: Any, check_of: str, operation: str, code: str, outcome: Outcome
) -> None:
    result, _, _ = check(options, **{operation: refusal(code)})
    rows = result.data["rows"]
    assert 1 == result.status
    assert {outcome} == {row["outcome"] for row in rows if row["check"] == check_of}
    if outcome == Outcome.DENIED:
        messages = [row["message"] for row in rows if row["check"] == check_of]
        assert [] == [message for message in messages if ACTION_OF[operation] not in message]
    others = [row["outcome"] for row in rows if row["check"] not in (check_of, "image")]
    assert {Outcome.ACCEPTED} == set(others)


def test_call_that_is_not_emulated_is_neither_accepted_nor_a_failure(options: Any) -> None:
    result, _, shown = check(
        options,
        TestState=refusal("UnknownOperationException", "TestState is not emulated."),
    )
    assert 0 == result.status
    states = [row["outcome"] for row in result.data["rows"] if row["check"] == "state"]
    assert {"not emulated"} == set(states)
    assert "TestState is not emulated." in shown


def test_workflow_that_trains_elsewhere_needs_no_quota_for_training(options: Any) -> None:
    none = [{**QUOTAS[0], "Value": 0.0}, QUOTAS[1]]
    replies: dict[str, Reply] = {"ListServiceQuotas": lambda _: {"Quotas": none}}
    assert 1 == check(options, **replies)[0].status
    assert 0 == check(options, "--training-instances", "0", **replies)[0].status


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_permissions_are_one_policy_as_json_without_a_call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert 0 == main(["check", "--permissions", *arguments])
    assert policy() == json.loads(capsys.readouterr().out)


def test_unknown_credentials_end_the_check(options: Any) -> None:
    with pytest.raises(Exception, match="InvalidClientTokenId"):
        check(options, GetCallerIdentity=refusal("InvalidClientTokenId"))
