"""CloudWatch Logs refuses a key that it cannot use for the log group, and an unknown retention."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, kms
from ministack.services.cloudformation import provisioners

ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
    "Action": "kms:*",
    "Resource": "*",
}
GROUP_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:/one"
MESSAGE = (
    f"The specified KMS key does not exist or is not allowed to be used with Arn '{GROUP_ARN}'"
)
ACTIONS = [
    "kms:Encrypt*",
    "kms:Decrypt*",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    "kms:Describe*",
]

pytestmark = pytest.mark.usefixtures("ministack")


def statement(**changes: Any) -> dict[str, Any]:
    """Return the statement of the user guide, which allows one log group to use a key."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": ACTIONS,
        "Resource": "*",
        "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": GROUP_ARN}},
        **changes,
    }


def key(*statements: dict[str, Any]) -> str:
    policy = json.dumps({"Statement": [ROOT, *statements]})
    return str(json.loads(kms._create_key({"Policy": policy})[2])["KeyMetadata"]["Arn"])


def create(key_arn: str) -> tuple[int, Any]:
    status, _, body = cloudwatch_logs._create_log_group(
        {"logGroupName": "/one", "kmsKeyId": key_arn}
    )
    return status, json.loads(body)


def provision(**properties: Any) -> None:
    properties = {"LogGroupName": "/one", **properties}
    provisioners._provision_resource("AWS::Logs::LogGroup", "One", properties, "stack")


def require_refusal(code: str, key_arn: str) -> None:
    status, answer = create(key_arn)
    assert 400 == status
    assert code == answer["__type"]
    assert MESSAGE == answer["message"]

    with pytest.raises(ValueError, match="Resource handler returned message") as raised:
        provision(KmsKeyId=key_arn)

    assert f'"{MESSAGE} (Service: CloudWatchLogs' in str(raised.value)
    assert "/one" not in cloudwatch_logs._log_groups


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [statement(Action=ACTIONS[:-1])],
        [statement(Principal={"Service": "logs.eu-west-1.amazonaws.com"})],
        [
            statement(
                Condition={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": GROUP_ARN + "s"}}
            )
        ],
        [statement(), statement(Effect="Deny")],
    ],
)
def test_key_whose_policy_forbids_cloudwatch_logs_is_refused(statements: list[Any]) -> None:
    require_refusal("AccessDeniedException", key(*statements))


def test_key_that_does_not_exist_or_is_disabled_is_refused() -> None:
    require_refusal("InvalidParameterException", "arn:aws:kms:us-east-1:000000000000:key/none")
    disabled = key(statement())
    kms._disable_key({"KeyId": disabled})
    require_refusal("InvalidParameterException", disabled)


def test_key_whose_policy_names_the_log_group_is_used() -> None:
    allowed = key(statement())
    assert 200 == create(allowed)[0]
    provision(KmsKeyId=allowed)


@pytest.mark.parametrize("days", [45, "45"])
def test_retention_that_is_not_offered_is_refused(days: Any) -> None:
    provision(RetentionInDays="30")
    message = (
        f"Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
        "Member must satisfy enum value set"
    )
    body = cloudwatch_logs._put_retention_policy({"logGroupName": "/one", "retentionInDays": days})[
        2
    ]

    assert "InvalidParameterException" == json.loads(body)["__type"]
    assert message in json.loads(body)["message"]

    with pytest.raises(ValueError, match="Member must satisfy enum value set"):
        provision(RetentionInDays=days)

    assert 30 == cloudwatch_logs._log_groups["/one"]["retentionInDays"]
