"""Check the requests to CloudFormation about the templates."""

import json
from typing import Any

import pytest

from cli.template import ROOT, TEMPLATES, read_template
from operations.check import templates
from operations.check.answers import Outcome
from operations.check.templates import LARGEST, check_templates
from tests.unit.operations.check.modelled_aws import ModelledAws, refusal

VALID = {"ValidateTemplate": lambda _: {"DeclaredTransforms": ["AWS::Serverless-2016-10-31"]}}


def test_every_template_of_the_project_is_checked() -> None:
    folders = (".", "stacks")
    paths = [path for folder in folders for path in (ROOT / folder).glob("*.yaml")]
    templates = [path for path in paths if "AWSTemplateFormatVersion" in path.read_text()]
    found = {path.relative_to(ROOT).as_posix() for path in templates}
    assert found == set(TEMPLATES)


def test_template_is_sent_as_json_without_comments() -> None:
    aws = ModelledAws(VALID)
    rows = list(check_templates(aws.connect().cloudformation))
    bodies = [request["TemplateBody"] for _, request in aws.asked]
    assert [read_template(name) for name in TEMPLATES] == [json.loads(body) for body in bodies]
    assert {Outcome.ACCEPTED} == {row.outcome for row in rows}
    assert {"declares AWS::Serverless-2016-10-31"} == {row.message for row in rows}


def test_template_over_the_limit_is_not_sent_and_not_called_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large: dict[str, Any] = {
        "Resources": {},
        "Description": "é" * (LARGEST // 12),
    }  # as JSON six bytes each
    monkeypatch.setattr(
        templates,
        "read_template",
        lambda name: large if name == "template.yaml" else {"A": 1},
    )
    aws = ModelledAws(VALID)
    exact = LARGEST - len(json.dumps(large, separators=(",", ":")))
    assert exact > 0
    large["Description"] += "." * exact
    assert Outcome.ACCEPTED == next(check_templates(aws.connect().cloudformation)).outcome
    large["Description"] += "."
    row = next(check_templates(aws.connect().cloudformation))
    assert Outcome.NOT_CHECKED == row.outcome
    assert row.message.startswith("The template is too large: 51,201")
    assert 1 == len(aws.asked)


def test_refused_template_is_shown_with_the_error_of_aws() -> None:
    aws = ModelledAws(
        {
            "ValidateTemplate": refusal(
                "ValidationError",
                "Template format error: Unresolved dependencies",
            )
        }
    )
    rows = list(check_templates(aws.connect().cloudformation))
    assert len(TEMPLATES) == len(rows)
    assert "ValidationError: Template format error: Unresolved dependencies" == rows[0].message
    assert {Outcome.REFUSED} == {row.outcome for row in rows}
