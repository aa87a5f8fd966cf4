"""The picture of the service says what the template says."""

from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from documents.architecture import (
    ENDPOINT,
    LEFT_OUT,
    MONITORING,
    PLACES,
    SUPPORTING,
    TEMPLATE,
    Flow,
    draw,
    flows,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = cfn_yaml.load(str(ROOT / TEMPLATE))
    return loaded


def test_picture_in_the_documents_is_that_of_the_template(template: dict[str, Any]) -> None:
    monitoring = cfn_yaml.load(str(ROOT / MONITORING))
    assert draw(template, monitoring) == (ROOT / "docs/architecture.svg").read_text()


def test_every_resource_has_a_place_or_only_supports_others(template: dict[str, Any]) -> None:
    drawn = {name for name, it in template["Resources"].items() if it["Type"] not in SUPPORTING}
    assert {*PLACES} - {ENDPOINT} == drawn - LEFT_OUT


def test_target_of_a_rule_is_an_arrow_and_its_dead_letters_are_a_dashed_one() -> None:
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"detail": {"bucket": {"name": [{"Ref": "ImageBucket"}]}}},
            "Targets": [
                {
                    "Arn": {"Ref": "ImageClassificationWorkflow"},
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": "FailureQueue.Arn"}},
                }
            ],
        },
    }
    assert [
        Flow("ImageBucket", "UploadRule", failed=False),
        Flow("UploadRule", "FailureQueue", failed=True),
        Flow("UploadRule", "ImageClassificationWorkflow", failed=False),
    ] == flows({"UploadRule": rule})


def test_function_points_to_what_its_role_may_read() -> None:
    resources = {
        "SerializeImageFunction": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Role": {"Fn::GetAtt": ["SerializeImageRole", "Arn"]}},
        },
        "SerializeImageRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {"Policies": [{"Resource": {"Fn::Sub": "${ImageBucket.Arn}/uploads/*"}}]},
        },
    }
    assert [Flow("SerializeImageFunction", "ImageBucket", failed=False)] == flows(resources)
