"""The local cloud generates CloudFormation's names, so that policies match them as on AWS."""

import pytest
from ministack.services import iam
from ministack.services.cloudformation import provisioners

TRUST: dict[str, dict[str, list[str]]] = {"AssumeRolePolicyDocument": {"Statement": []}}


@pytest.mark.usefixtures("ministack")
@pytest.mark.parametrize(
    ("length", "begins"), [(25, "s" * 25 + "-"), (26, "s" * 25 + "-"), (19, "s" * 19 + "-")]
)
def test_stack_name_of_a_role_is_shortened_to_25_characters(length: int, begins: str) -> None:
    name, _ = provisioners._provision_resource(
        "AWS::IAM::Role", "ImageClassificationWorkflowRole", TRUST, "s" * length
    )
    assert name in iam._roles
    assert name.startswith(f"{begins}ImageClassification")
    assert len(name) <= 64


@pytest.mark.usefixtures("ministack")
def test_generated_name_depends_on_the_logical_id_only() -> None:
    names = [
        provisioners._physical_name("s" * 60, logical_id, max_len=64)
        for logical_id in ("One", "One", "Two")
    ]
    assert names[0] == names[1] != names[2]


def test_bucket_name_is_lower_case() -> None:
    name = provisioners._physical_name("Stack", "ImageBucket", lowercase=True, max_len=63)
    assert name.startswith("stack-imagebucket-")
    assert name == name.lower()
