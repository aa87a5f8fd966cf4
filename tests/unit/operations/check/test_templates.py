"""Check the requests to CloudFormation about the templates."""

import json
from typing import Any

import pytest

from cli.template import ROOT, TEMPLATES, read_template
from operations.check import templates
from operations.check.answers import Outcome
from operations.check.templates import LARGEST, check_templates, split
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
    bodies = [json.loads(request["TemplateBody"]) for _, request in aws.asked]
    small = [name for name in TEMPLATES if name != "template.yaml"]
    assert [] == [name for name in small if read_template(name) not in bodies]
    assert {Outcome.ACCEPTED} == {row.outcome for row in rows}
    assert {"declares AWS::Serverless-2016-10-31"} == {row.message for row in rows}


def test_large_template_is_asked_about_in_parts_that_have_every_policy() -> None:
    whole = read_template("template.yaml")
    bodies = split(whole)
    assert 1 < len(bodies)
    assert LARGEST >= max(len(body.encode()) for body in bodies)
    parts = [json.loads(body)["Resources"] for body in bodies]
    for name, resource in whole["Resources"].items():
        assert any(part[name] == json.loads(json.dumps(resource)) for part in parts), name


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
    assert 1 + len(TEMPLATES) >= len(aws.asked)  # a refused part ends the questions
    assert "ValidationError: Template format error: Unresolved dependencies" == rows[0].message
    assert {Outcome.REFUSED} == {row.outcome for row in rows}
