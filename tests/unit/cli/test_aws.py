"""botocore's errors in a user's words."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from cli import aws


def answered(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "why"}}, "CreateModel")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answered("AccessDeniedException"), aws.PermissionMissingError),
        (answered("ExpiredTokenException"), aws.CredentialsError),
        (answered("ResourceLimitExceeded"), aws.QuotaExceededError),
        (answered("ValidationException"), aws.AwsError),
        (NoCredentialsError(), aws.CredentialsError),
        (NoRegionError(), aws.RegionMissingError),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), aws.UnreachableError),
    ],
)
def test_botocore_error_becomes_an_error_that_says_what_to_do(
    error: ClientError | BotoCoreError, expected: type[aws.AwsError]
) -> None:
    assert expected is type(aws.explain(error))


def test_message_of_aws_is_kept() -> None:
    assert "why" in str(aws.explain(answered("AccessDenied")))


@pytest.mark.parametrize(
    "response",
    [
        {"Error": {"Code": "Throttled", "Message": None}},
        {"Error": {"Code": "Throttled"}},
        {"Error": {"Code": "Throttled", "Message": ""}},
    ],
)
def test_error_without_a_reason_becomes_a_sentence(response: Any) -> None:
    expected = "CreateModel failed: Throttled. AWS gave no reason."
    assert expected == str(aws.explain(ClientError(response, "CreateModel")))


@pytest.mark.parametrize("error", [{}, {"Code": None, "Message": None}, {"Code": ""}])
def test_error_without_a_code_has_its_http_status_as_code(error: Any) -> None:
    response: Any = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403}}
    assert "403" == aws.code_of(ClientError(response, "HeadBucket"))
    assert aws.PermissionMissingError is type(aws.explain(ClientError(response, "HeadBucket")))


def test_a_session_without_a_region_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):  # the shell may point at a local cloud
        monkeypatch.delenv(name, raising=False)
    session = boto3.session.Session("key", "secret")
    session._session.set_config_variable("region", None)
    with pytest.raises(aws.RegionMissingError, match="--region"):
        _ = aws.Aws(session).region


def test_missing_profile_is_a_credentials_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(aws.CredentialsError, match="nobody"):
        aws.connect()


def test_endpoint_that_is_not_a_url_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    with pytest.raises(aws.UnreachableError, match="AWS_ENDPOINT_URL is 'nonsense'"):
        aws.connect()
