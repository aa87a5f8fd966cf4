"""KMS refuses a key policy that its author cannot change again."""

import json
from typing import Any

import pytest
from ministack.core import iam_evaluator
from ministack.services import kms
from ministack.services.cloudformation import _stacks, provisioners

ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/actor"
MESSAGE = "The new key policy will not allow you to update the key policy in the future."
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/actor/session"
ADMINISTRATION = ({"Effect": "Allow", "Action": "kms:*", "Resource": "*"},)
DESCRIPTION = ({"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"},)

pytestmark = pytest.mark.usefixtures("ministack")


def policy(principal: str, action: str = "kms:*", **members: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": action,
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [{**statement, **members}]}


def create(document: dict[str, Any], **members: Any) -> tuple[int, Any]:
    status, _, body = kms._create_key({"Policy": json.dumps(document), **members})
    return status, json.loads(body)


def provision(document: dict[str, Any], stack: str = "stack", **members: Any) -> None:
    properties = {"KeyPolicy": document, **members}
    provisioners._provision_resource("AWS::KMS::Key", "Key", properties, stack)


LOCKED_OUT = [
    policy(ROLE),
    policy(ROOT, "kms:Encrypt"),
    policy(ROOT, Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}),
    {"Version": "2012-10-17", "Statement": []},
]


@pytest.mark.parametrize("document", LOCKED_OUT)
def test_key_policy_that_locks_everybody_out_is_refused(document: dict[str, Any]) -> None:
    status, answer = create(document)
    assert 400 == status
    assert "MalformedPolicyDocumentException" == answer["__type"]
    assert MESSAGE == answer["message"]

    with pytest.raises(ValueError, match=rf'"{MESSAGE} \(Service: Kms, Status Code: 400\)"'):
        provision(document)

    assert [] == list(kms._keys)


def test_later_policy_that_locks_everybody_out_is_refused() -> None:
    key = create(policy(ROOT))[1]["KeyMetadata"]["KeyId"]
    request = {"KeyId": key, "Policy": json.dumps(policy(ROLE))}
    status, _, body = kms._put_key_policy(request)

    assert 400 == status
    assert MESSAGE == json.loads(body)["message"]
    assert policy(ROOT) == json.loads(kms._keys[key]["Policy"])
    assert 200 == kms._put_key_policy({**request, "BypassPolicyLockoutSafetyCheck": True})[0]


def test_check_can_be_bypassed() -> None:
    assert 200 == create(policy(ROLE), BypassPolicyLockoutSafetyCheck=True)[0]
    provision(policy(ROLE), BypassPolicyLockoutSafetyCheck="true")


@pytest.mark.parametrize(
    ("status", "principal", "statements"),
    [
        (200, ROOT, ADMINISTRATION),
        (400, ROOT, DESCRIPTION),  # the account's statement leaves the decision to IAM
        (200, ROLE, DESCRIPTION),  # the key policy alone allows the role
        (400, ROLE + "-of-another", ADMINISTRATION),
    ],
)
def test_caller_needs_the_permission_to_change_the_policy(
    ministack: Any, status: int, principal: str, statements: Any
) -> None:
    ministack.put_role(statements)
    token = iam_evaluator._request_caller_arn.set(SESSION)
    try:
        assert status == create(policy(principal))[0]
    finally:
        iam_evaluator._request_caller_arn.reset(token)


@pytest.mark.parametrize(("allowed", "statements"), [(True, ADMINISTRATION), (False, DESCRIPTION)])
def test_role_of_a_stack_is_the_caller_for_its_keys(
    ministack: Any, monkeypatch: pytest.MonkeyPatch, allowed: bool, statements: Any
) -> None:
    create_key = {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"}
    ministack.put_role([*statements, create_key], "cloudformation.amazonaws.com")
    stack_id = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/with-role/1"
    monkeypatch.setitem(_stacks, "with-role", {"StackId": stack_id, "RoleARN": ROLE})
    if allowed:
        provision(policy(ROOT), "with-role")
        return

    with pytest.raises(ValueError, match=MESSAGE):
        provision(policy(ROOT), "with-role")
