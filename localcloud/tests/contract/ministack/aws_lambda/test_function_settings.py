"""Lambda refuses a function that it cannot run."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import iam_evaluator
from ministack.services import iam, kms, lambda_svc
from ministack.services.cloudformation import provisioners

ROLE = "arn:aws:iam::000000000000:role/actor"
OTHER_ROLE = "arn:aws:iam::000000000000:role/other"
KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"
ROLE_MESSAGE = "The role defined for the function cannot be assumed by Lambda."
KEY_MESSAGE = (
    "Lambda was unable to configure access to your environment variables because the KMS key "
    "is invalid for CreateGrant. Please check your KMS key settings. "
    "KMS Exception: NotFoundException KMS Message: "
    f"Key '{KEY}' does not exist"
)
LARGE = {"Variables": {"A": "é" * 2045}}  # 4,098 bytes with names, quotes and braces
ENVIRONMENT_MESSAGE = (
    "Lambda was unable to configure your environment variables because the environment variables "
    "you have provided exceeded the 4KB limit. String measured: " + '{"A":"' + "é" * 2045 + '"}'
)
BOUND = (
    "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: "
    "Member must have value "
)
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"Role": OTHER_ROLE}, "InvalidParameterValueException", ROLE_MESSAGE),
    ({"Role": ROLE + "-of-nobody"}, "InvalidParameterValueException", ROLE_MESSAGE),
    ({"KMSKeyArn": KEY}, "InvalidParameterValueException", KEY_MESSAGE),
    ({"Environment": LARGE}, "InvalidParameterValueException", ENVIRONMENT_MESSAGE),
    (
        {"Timeout": 901},
        "ValidationException",
        BOUND.format(901, "timeout") + "less than or equal to 900",
    ),
    (
        {"MemorySize": 64},
        "ValidationException",
        BOUND.format(64, "memorySize") + "greater than or equal to 128",
    ),
]


def code() -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", "")
    return base64.b64encode(archive.getvalue()).decode()


SETTINGS = {
    "Runtime": "python3.13",
    "Handler": "app.handler",
    "Role": ROLE,
    "Code": {"ZipFile": code()},
}


@pytest.fixture(autouse=True)
def roles(ministack: Any) -> Iterator[None]:
    """The role "actor" trusts Lambda; "other" trusts Step Functions."""
    ministack.put_role(service="states.amazonaws.com")
    iam._roles["other"] = {**iam._roles["actor"], "RoleName": "other", "Arn": OTHER_ROLE}
    ministack.put_role(service="lambda.amazonaws.com")
    yield
    for name in list(lambda_svc._functions):
        lambda_svc._functions.pop(name)


def create(**changes: Any) -> tuple[int, Any]:
    status, _, body = lambda_svc._create_function({"FunctionName": "one", **SETTINGS, **changes})
    return status, json.loads(body)


def provision(**changes: Any) -> None:
    properties = {**SETTINGS, "FunctionName": "one", "Code": {"ZipFile": ""}, **changes}
    if "KMSKeyArn" in properties:
        properties["KmsKeyArn"] = properties.pop("KMSKeyArn")
    provisioners._provision_resource("AWS::Lambda::Function", "One", properties, "stack")


@pytest.mark.parametrize(("changes", "code", "message"), REFUSED)
def test_new_function_that_cannot_run_is_refused(
    changes: dict[str, Any], code: str, message: str
) -> None:
    status, answer = create(**changes)
    assert 400 == status
    assert code == answer["__type"]
    assert message == answer["message"]
    assert "one" not in lambda_svc._functions


@pytest.mark.parametrize(("changes", "code", "message"), REFUSED)
def test_update_after_which_a_function_cannot_run_is_refused(
    changes: dict[str, Any], code: str, message: str
) -> None:
    created = create()[0]
    status, _, body = lambda_svc._update_config("one", changes)
    assert 201 == created
    assert 400 == status
    assert code == json.loads(body)["__type"]
    assert message == json.loads(body)["message"]


@pytest.mark.parametrize(("changes", "code", "message"), REFUSED)
def test_function_of_a_template_that_cannot_run_fails(
    changes: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ValueError, match="Resource handler returned message") as raised:
        provision(**changes)
    assert f'"{message} (Service: Lambda, Status Code: 400)"' in str(raised.value)
    assert "one" not in lambda_svc._functions


def test_function_at_the_limits_is_created() -> None:
    key = json.loads(kms._create_key({})[2])["KeyMetadata"]["Arn"]
    environment = {"Variables": {"A": "a" * 4088}}
    limits = {"Timeout": 900, "MemorySize": 10240, "Environment": environment, "KMSKeyArn": key}

    assert 201 == create(**limits)[0]
    lambda_svc._functions.pop("one")
    provision(**limits)
    assert "one" in lambda_svc._functions


def test_missing_function_comes_before_its_settings() -> None:
    assert 404 == lambda_svc._update_config("two", {"Role": OTHER_ROLE})[0]


@pytest.mark.parametrize(
    ("status", "service"),
    [(403, None), (403, "states.amazonaws.com"), (201, "lambda.amazonaws.com")],
)
def test_caller_needs_the_permission_to_pass_the_role(
    ministack: Any, status: int, service: str | None
) -> None:
    condition = {"StringEquals": {"iam:PassedToService": service}}
    allow = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE, "Condition": condition}
    ministack.put_role([allow] if service else [], name="caller")
    caller = "arn:aws:sts::000000000000:assumed-role/caller/session"

    token = iam_evaluator._request_caller_arn.set(caller)
    found, answer = create()
    iam_evaluator._request_caller_arn.reset(token)

    assert status == found
    message = f"{caller} is not authorized to perform: iam:PassRole on resource: {ROLE}"
    assert (status == 403) == (message in answer.get("message", ""))
