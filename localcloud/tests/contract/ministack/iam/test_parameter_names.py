"""Each parameter that a request names is authorized."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud

BELOW = "arn:aws:ssm:us-east-1:000000000000:parameter/names/mine/*"

type ClientOfUser = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def parameters(cloud: Cloud) -> None:
    for name in ("/names/mine/0", "/names/mine/1", "/names/other/0"):
        cloud.client("ssm").put_parameter(Name=name, Value="any", Type="String", Overwrite=True)


def is_denied(call: Callable[..., Any], **request: Any) -> bool:
    try:
        call(**request)
    except ClientError as exc:
        return "AccessDeniedException" == exc.response["Error"]["Code"]
    return False


@pytest.mark.parametrize(
    ("denied", "names"),
    [
        (False, ["/names/mine/0"]),
        (False, ["/names/mine/0", "/names/mine/1"]),
        (True, ["/names/other/0"]),
        (True, ["/names/mine/0", "/names/other/0"]),
        (True, ["/names/other/0", "/names/mine/0"]),
        (True, ["/names/mine/0", "/names/mine/1,/names/other/0"]),
    ],
)
@pytest.mark.parametrize("operation", ["get_parameters", "delete_parameters"])
def test_one_foreign_name_denies_the_request(
    client_of_user: ClientOfUser, operation: str, denied: bool, names: list[str]
) -> None:
    actions = ["ssm:GetParameters", "ssm:DeleteParameters"]
    client = client_of_user("ssm", {"Effect": "Allow", "Action": actions, "Resource": BELOW})
    unknown = [f"{name}-unknown" for name in names]
    request = names if operation == "get_parameters" else unknown
    assert denied == is_denied(getattr(client, operation), Names=request)


@pytest.mark.parametrize(
    ("denied", "path"), [(False, "/names/mine/"), (True, "/names/other"), (True, "/names")]
)
def test_path_is_authorized(client_of_user: ClientOfUser, denied: bool, path: str) -> None:
    allowed = [BELOW.removesuffix("/*"), BELOW]
    client = client_of_user(
        "ssm", {"Effect": "Allow", "Action": "ssm:GetParametersByPath", "Resource": allowed}
    )
    assert denied == is_denied(client.get_parameters_by_path, Path=path)


def test_single_name_is_authorized_as_before(client_of_user: ClientOfUser) -> None:
    client = client_of_user("ssm", {"Effect": "Allow", "Action": "ssm:*", "Resource": BELOW})
    assert not is_denied(client.get_parameter, Name="/names/mine/0")
    assert is_denied(client.get_parameter, Name="/names/other/0")
