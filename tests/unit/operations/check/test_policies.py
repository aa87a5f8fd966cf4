"""Check the requests to IAM Access Analyzer about the policies."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from cli.template import TEMPLATES, read_template
from operations.check.answers import Outcome
from operations.check.place import Place
from operations.check.policies import IDENTITY, Policy, check_policies, find_policies
from tests.unit.operations.check.modelled_aws import ModelledAws, refusal

PLACE = Place("aws", "eu-west-1", "123456789012", "scones-unlimited")
POLICIES = list(find_policies(PLACE))
ARN = re.compile(r"arn:aws:[a-z0-9-]+:(eu-west-1)?:(123456789012|aws|\*)?:\S+")


def finding(kind: str) -> dict[str, Any]:
    return {
        "findingType": kind,
        "issueCode": "INVALID_ACTION",
        "findingDetails": "The action does not exist.",
        "learnMoreLink": "https://docs.aws.amazon.com/IAM/",
        "locations": [],
    }


def sids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "Sid" in value:
            yield value["Sid"]
        for item in value.values():
            yield from sids(item)
    elif isinstance(value, list):
        for item in value:
            yield from sids(item)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_statement_of_every_template_is_checked(template: str) -> None:
    declared = sorted(sids(read_template(template)))
    checked = sorted(
        statement["Sid"]
        for policy in POLICIES
        if policy.subject.startswith(f"{template}:")
        for statement in json.loads(policy.document)["Statement"]
        # Not those of the one policy that the template has as a text.
        if f'"{statement["Sid"]}"' in json.dumps(read_template(template))
    )
    assert declared == checked


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.subject)
def test_policy_has_values_in_place_of_intrinsic_functions(policy: Policy) -> None:
    assert [] == re.findall(r'"Ref"|"Fn::\w+"|\$\{', policy.document)
    arns = re.findall(r'"(arn:[^"]*)"', policy.document)
    assert [] == [arn for arn in arns if not ARN.fullmatch(arn)]


def test_policies_and_trust_policy_of_every_role_are_checked() -> None:
    roles = {
        f"{template}: {name}"
        for template in TEMPLATES
        for name, resource in read_template(template)["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    subjects = [policy.subject.partition(" (")[0] for policy in POLICIES if policy.kind == IDENTITY]
    trusted = [policy for policy in POLICIES if policy.resource_type.endswith("RolePolicyDocument")]
    trusts = {policy.subject.partition(" (")[0] for policy in trusted}
    assert roles == trusts
    assert set() == roles - set(subjects)


def test_request_names_policy_type_and_resource_type() -> None:
    aws = ModelledAws({"ValidatePolicy": lambda _: {"findings": []}})
    rows = list(check_policies(aws.connect().access_analyzer, PLACE))
    assert len(POLICIES) == len(rows)
    assert {Outcome.ACCEPTED} == {row.outcome for row in rows}
    kinds = {request["policyType"] for _, request in aws.asked}
    assert {"IDENTITY_POLICY", "RESOURCE_POLICY"} == kinds
    typed = [request for _, request in aws.asked if "validatePolicyResourceType" in request]
    assert {"RESOURCE_POLICY"} == {request["policyType"] for request in typed}


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome.REFUSED, "ERROR"),
        (Outcome.ACCEPTED, "SECURITY_WARNING"),
        (Outcome.ACCEPTED, "SUGGESTION"),
    ],
)
def test_error_refuses_a_policy_and_a_warning_is_shown(outcome: Outcome, kind: str) -> None:
    aws = ModelledAws({"ValidatePolicy": lambda _: {"findings": [finding(kind)]}})
    row = next(check_policies(aws.connect().access_analyzer, PLACE))
    assert outcome == row.outcome
    assert f"{kind} INVALID_ACTION: The action does not exist." == row.message


def test_error_on_the_second_page_refuses_a_policy() -> None:
    def reply(parameters: dict[str, Any]) -> dict[str, Any]:
        if "nextToken" not in parameters:
            return {"findings": [finding("WARNING")], "nextToken": "token"}
        return {"findings": [finding("ERROR")]}

    row = next(
        check_policies(ModelledAws({"ValidatePolicy": reply}).connect().access_analyzer, PLACE),
    )
    assert Outcome.REFUSED == row.outcome
    assert 2 == row.message.count("INVALID_ACTION")


def test_denied_call_names_the_action_to_grant() -> None:
    aws = ModelledAws({"ValidatePolicy": refusal("AccessDeniedException")})
    row = next(check_policies(aws.connect().access_analyzer, PLACE))
    assert Outcome.DENIED == row.outcome
    assert row.message.startswith("Grant access-analyzer:ValidatePolicy (")
