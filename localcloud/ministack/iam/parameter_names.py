"""Authorize each parameter that a request of Systems Manager names.

MiniStack: asks for the resource `*` if a request names several parameters, or a path.
AWS: authorizes GetParameters and DeleteParameters for each parameter, and GetParametersByPath for
the path.
Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Systems
Manager", Resource types; Systems Manager User Guide, "Restricting access to Parameter Store
parameters using IAM policies".
Remove this patch when MiniStack does the same.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator

from localcloud.ministack.patch import wrap

# Between ARNs. No name of a parameter has one on AWS; here its parts are authorized one by one.
_SEPARATOR = ","
_PARAMETERS = "service method path headers body query_params region account_id"


def install() -> None:
    """Find the parameters in the body of a request, and ask about one after the other."""
    wrap(iam_actions, "extract_resource_arn", _PARAMETERS, _resource_arn)
    wrap(
        iam_evaluator,
        "enforce",
        "access_key_id iam_action service region resource_arn service_context",
        _enforce,
    )


def _resource_arn(
    original: Callable[..., str],
    service: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    query_params: Mapping[str, Any],
    region: str,
    account_id: str,
) -> str:
    if service == "ssm" and (names := _names(body)):
        return _SEPARATOR.join(
            f"arn:aws:ssm:{region}:{account_id}:parameter/{name.strip('/')}" for name in names
        )
    return original(service, method, path, headers, body, query_params, region, account_id)


def _names(body: bytes) -> list[str]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return []
    if not isinstance(request, dict):
        return []
    found = request.get("Names", [request.get("Path")])
    names = found if isinstance(found, list) else []
    return [name for name in names if isinstance(name, str)]


def _enforce(
    original: Callable[..., Any],
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Mapping[str, Any] | None = None,
) -> Any:
    arns = resource_arn.split(_SEPARATOR) if service == "ssm" else [resource_arn]
    for arn in arns:
        denied = original(access_key_id, iam_action, service, region, arn, service_context)
        if denied:
            return denied
    return None
