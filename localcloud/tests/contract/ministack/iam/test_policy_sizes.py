"""IAM refuses policies above its quotas, which do not count white space."""

import json
from typing import Any

import pytest
from ministack.services import iam
from ministack.services.cloudformation import provisioners

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ROLE_MESSAGE = "Maximum policy size of 10240 bytes exceeded for role worker"
MANAGED_MESSAGE = "Cannot exceed quota for PolicySize: 6144"
TRUST_MESSAGE = "Cannot exceed quota for ACLSizePerRole: 2048"


def policy(size: int) -> dict[str, Any]:
    """Return a policy of this number of characters without white space."""
    statement = {"Sid": "", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    statement["Sid"] = "A" * (size - len(json.dumps(document, separators=(",", ":"))))
    return document


def trust(size: int) -> dict[str, Any]:
    [statement] = TRUST["Statement"]
    padding = "A" * (size - len(json.dumps(TRUST, separators=(",", ":"))) - len('"Sid":"",'))
    return {**TRUST, "Statement": [{"Sid": padding, **statement}]}  # type: ignore[dict-item]


def call(operation: str, **parameters: Any) -> tuple[int, str]:
    request = {
        name: [value if isinstance(value, str) else json.dumps(value, indent=4)]
        for name, value in parameters.items()
    }
    status, _, body = iam._IAM_HANDLERS[operation](request)
    return status, body.decode()


def put(name: str, size: int) -> tuple[int, str]:
    return call("PutRolePolicy", RoleName="worker", PolicyName=name, PolicyDocument=policy(size))


def provision(kind: str, **properties: Any) -> None:
    provisioners._provision_resource(f"AWS::IAM::{kind}", "One", properties, "stack")


@pytest.fixture(autouse=True)
def role(ministack: Any) -> None:
    call("CreateRole", RoleName="worker", AssumeRolePolicyDocument=TRUST)


def test_inline_policies_of_a_role_count_together() -> None:
    assert 200 == put("one", 6000)[0]
    assert 200 == put("two", 4240)[0]
    assert 200 == put("two", 4240)[0]  # it replaces itself
    status, body = put("two", 4241)
    assert 409 == status
    assert "<Code>LimitExceeded</Code>" in body
    assert ROLE_MESSAGE in body


def test_missing_role_comes_before_the_size_of_its_policy() -> None:
    status, body = call(
        "PutRolePolicy", RoleName="no", PolicyName="a", PolicyDocument=policy(20000)
    )
    assert 404 == status
    assert "NoSuchEntity" in body


def test_role_of_a_template_with_too_large_inline_policies_fails() -> None:
    policies = [{"PolicyName": name, "PolicyDocument": policy(6000)} for name in ("one", "two")]
    role = {"RoleName": "other", "AssumeRolePolicyDocument": TRUST}
    provision("Role", **role, Policies=policies[:1])

    with pytest.raises(
        ValueError, match="Maximum policy size of 10240 bytes exceeded for role other"
    ):
        provision("Role", **role, Policies=policies)


def test_update_of_a_stack_may_replace_a_large_inline_policy() -> None:
    role = {"RoleName": "other", "AssumeRolePolicyDocument": TRUST}
    old = {**role, "Policies": [{"PolicyName": "one", "PolicyDocument": policy(6000)}]}
    new = {**role, "Policies": [{"PolicyName": "two", "PolicyDocument": policy(6000)}]}
    provision("Role", **old)
    provisioners._update_resource("AWS::IAM::Role", "other", old, new, "stack", "One")
    assert ["two"] == list(iam._roles["other"]["InlinePolicies"])


def test_policy_of_a_template_that_is_too_large_for_its_role_fails() -> None:
    put("one", 6000)
    with pytest.raises(ValueError, match=rf'"{ROLE_MESSAGE} \(Service: Iam, Status Code: 409\)"'):
        provision("Policy", PolicyName="two", PolicyDocument=policy(6000), Roles=["worker"])


def test_managed_policy_above_its_quota_is_refused() -> None:
    assert 200 == call("CreatePolicy", PolicyName="small", PolicyDocument=policy(6144))[0]
    arn = "arn:aws:iam::000000000000:policy/small"
    version = call("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=policy(6145))
    status, body = call("CreatePolicy", PolicyName="large", PolicyDocument=policy(6145))
    assert 409 == status
    assert MANAGED_MESSAGE in body
    assert MANAGED_MESSAGE in version[1]

    with pytest.raises(ValueError, match=MANAGED_MESSAGE):
        provision("ManagedPolicy", PolicyDocument=policy(6145))


def test_trust_policy_above_its_quota_is_refused() -> None:
    assert 200 == call("CreateRole", RoleName="a", AssumeRolePolicyDocument=trust(2048))[0]
    created = call("CreateRole", RoleName="b", AssumeRolePolicyDocument=trust(2049))
    updated = call("UpdateAssumeRolePolicy", RoleName="a", PolicyDocument=trust(2049))
    assert 409 == created[0]
    assert TRUST_MESSAGE in created[1]
    assert TRUST_MESSAGE in updated[1]

    with pytest.raises(ValueError, match=TRUST_MESSAGE):
        provision("Role", RoleName="c", AssumeRolePolicyDocument=trust(2049))
