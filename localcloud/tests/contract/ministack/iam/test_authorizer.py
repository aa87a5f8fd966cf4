"""MiniStack's IAM decides who may use the local SageMaker: callers, signatures, policies."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.services import iam, sts

from localcloud.api.protocol import AccessDeniedError, Request
from localcloud.ministack.iam.authorizer import MiniStackAuthorizer

INVOKE = "sagemaker:InvokeEndpoint"
TRUCKS = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/trucks"
ROOT = Credentials("test", "test")


def call(service: Any, **parameters: str) -> str:
    """Ask MiniStack's IAM or STS, as root."""
    headers = {
        "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request"
    }
    status, _, body = asyncio.run(
        service.handle_request("POST", "/", headers, urlencode(parameters).encode(), {})
    )
    assert 200 == status, body

    return body if isinstance(body, str) else body.decode()


def credentials_in(answer: str) -> Credentials:
    found = dict(re.findall(r"<(AccessKeyId|SecretAccessKey|SessionToken)>([^<]+)<", answer))
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found.get("SessionToken"))


def policy(effect: str = "Allow", resource: str = TRUCKS, **condition: Any) -> str:
    statement = {"Effect": effect, "Action": INVOKE, "Resource": resource, **condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def user() -> Iterator[Credentials]:
    """A user without policies."""
    call(iam, Action="CreateUser", UserName="driver")
    yield credentials_in(call(iam, Action="CreateAccessKey", UserName="driver"))
    iam.reset()


@pytest.fixture
def role() -> Iterator[Credentials]:
    """A session of a role that may invoke the endpoint trucks, as in a Lambda function."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    call(
        iam,
        Action="CreateRole",
        RoleName="classify",
        AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}),
    )
    call(
        iam,
        Action="PutRolePolicy",
        RoleName="classify",
        PolicyName="invoke",
        PolicyDocument=policy(),
    )
    arn = "arn:aws:iam::000000000000:role/classify"
    yield credentials_in(call(sts, Action="AssumeRole", RoleArn=arn, RoleSessionName="function"))
    iam.reset()
    sts.reset()


def signed(
    credentials: Credentials, body: bytes = b"picture", region: str = "us-east-1"
) -> Request:
    """Return an invocation with boto3's signature."""
    path = "/endpoints/trucks/invocations"
    request = AWSRequest(
        "POST", f"http://127.0.0.1:4566{path}", data=body, headers={"Host": "127.0.0.1:4566"}
    )
    SigV4Auth(credentials, "sagemaker", region).add_auth(request)
    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    scope = {
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
    }

    return Request(scope, body)


def refusal(request: Request, resource: str = TRUCKS) -> tuple[str, str]:
    with pytest.raises(AccessDeniedError) as raised:
        MiniStackAuthorizer().authorize(request, INVOKE, resource)
    return raised.value.code, raised.value.message


def test_root_may_do_everything() -> None:
    MiniStackAuthorizer().authorize(signed(ROOT), INVOKE, TRUCKS)


def test_user_may_do_what_its_policy_allows(user: Credentials) -> None:
    call(
        iam, Action="PutUserPolicy", UserName="driver", PolicyName="invoke", PolicyDocument=policy()
    )

    MiniStackAuthorizer().authorize(signed(user), INVOKE, TRUCKS)


def test_user_without_policy_is_denied_with_aws_message(user: Credentials) -> None:
    expected = (
        "AccessDeniedException",
        f"User: arn:aws:iam::000000000000:user/driver is not authorized to perform: {INVOKE} "
        f"on resource: {TRUCKS} because no identity-based policy allows the {INVOKE} action",
    )
    assert expected == refusal(signed(user))


def test_user_with_policy_for_another_endpoint_is_denied(user: Credentials) -> None:
    other = policy(resource=TRUCKS.replace("trucks", "cars"))
    call(iam, Action="PutUserPolicy", UserName="driver", PolicyName="invoke", PolicyDocument=other)

    assert "AccessDeniedException" == refusal(signed(user))[0]


def test_explicit_deny_is_named_in_the_message(user: Credentials) -> None:
    call(
        iam,
        Action="PutUserPolicy",
        UserName="driver",
        PolicyName="invoke",
        PolicyDocument=policy("Deny"),
    )

    assert refusal(signed(user))[1].endswith("with an explicit deny in an identity-based policy")


def test_session_of_a_role_may_do_what_its_policy_allows(role: Credentials) -> None:
    MiniStackAuthorizer().authorize(signed(role), INVOKE, TRUCKS)


def test_denied_session_of_a_role_is_named_in_the_message(role: Credentials) -> None:
    other = TRUCKS.replace("trucks", "cars")

    assert (
        "User: arn:aws:sts::000000000000:assumed-role/classify/function is"
        in refusal(signed(role), other)[1]
    )


def test_session_without_its_token_is_unknown(role: Credentials) -> None:
    assert (
        "UnrecognizedClientException"
        == refusal(signed(Credentials(role.access_key, role.secret_key)))[0]
    )


def test_policy_that_requires_tls_allows_loopback(user: Credentials) -> None:
    over_tls = policy(Condition={"Bool": {"aws:SecureTransport": "true"}})
    call(
        iam, Action="PutUserPolicy", UserName="driver", PolicyName="invoke", PolicyDocument=over_tls
    )

    MiniStackAuthorizer().authorize(signed(user), INVOKE, TRUCKS)


def test_policy_for_another_region_denies(user: Credentials) -> None:
    in_frankfurt = policy(Condition={"StringEquals": {"aws:RequestedRegion": "eu-central-1"}})
    call(
        iam,
        Action="PutUserPolicy",
        UserName="driver",
        PolicyName="invoke",
        PolicyDocument=in_frankfurt,
    )

    assert "AccessDeniedException" == refusal(signed(user))[0]
    MiniStackAuthorizer().authorize(signed(user, region="eu-central-1"), INVOKE, TRUCKS)


def test_wrong_secret_is_an_invalid_signature(user: Credentials) -> None:
    assert "InvalidSignatureException" == refusal(signed(Credentials(user.access_key, "wrong")))[0]


def test_changed_body_is_an_invalid_signature(user: Credentials) -> None:
    assert "InvalidSignatureException" == refusal(replace(signed(user), body=b"another picture"))[0]


def test_unknown_key_is_unrecognized() -> None:
    assert "UnrecognizedClientException" == refusal(signed(Credentials("AKIANOBODY", "secret")))[0]


def test_unsigned_request_is_refused_for_its_missing_token() -> None:
    request = signed(ROOT)
    unsigned = replace(request, scope={**request.scope, "headers": []})

    assert "MissingAuthenticationTokenException" == refusal(unsigned)[0]


def test_two_questions_about_one_request_are_both_answered(user: Credentials) -> None:
    call(
        iam, Action="PutUserPolicy", UserName="driver", PolicyName="invoke", PolicyDocument=policy()
    )
    request = signed(user)
    MiniStackAuthorizer().authorize(request, INVOKE, TRUCKS)

    assert "AccessDeniedException" == refusal(request, TRUCKS.replace("trucks", "cars"))[0]
