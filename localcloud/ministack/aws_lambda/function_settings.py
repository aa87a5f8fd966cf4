"""Refuse functions that Lambda cannot run: their role, key, environment, memory and timeout.

MiniStack: checks only that the role exists. Its CloudFormation checks nothing.
AWS: refuses the function. Its first three messages are in
https://github.com/aws-samples/aws-ct-vpc-flowlogs/issues/1,
https://github.com/hashicorp/terraform/issues/20813 and
https://github.com/github-aws-runners/terraform-aws-github-runner/issues/3594.
Source: Lambda API Reference, CreateFunction; Lambda Developer Guide, "Lambda quotas" (4 KB of
environment variables); Service Authorization Reference, "Actions, resources, and condition keys for
AWS Lambda" (iam:PassRole for CreateFunction).
Remove this patch when MiniStack does the same.
"""

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import kms, lambda_svc

from localcloud.ministack.iam.caller import denial
from localcloud.ministack.iam.service_role import RoleNotAssumedError, ServiceRole
from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

_AREA = "Lambda functions"
_CODE = "InvalidParameterValueException"
ROLE = Rule(_AREA, "a role that does not exist or does not trust Lambda", "Lambda", _CODE)
PASSED_ROLE = Rule(
    _AREA,
    "a role of a new function that the caller may not pass to Lambda",
    "Lambda",
    "AccessDeniedException",
    403,
)
KEY = Rule(_AREA, "a KMS key that does not exist", "Lambda", _CODE)
ENVIRONMENT = Rule(_AREA, "more than 4 KB of environment variables", "Lambda", _CODE)
MEMORY = Rule(_AREA, "memory outside 128 to 10,240 MB", "Lambda", "ValidationException")
TIMEOUT = Rule(_AREA, "a timeout outside 1 to 900 seconds", "Lambda", "ValidationException")
RULES = (ROLE, PASSED_ROLE, KEY, ENVIRONMENT, MEMORY, TIMEOUT)

_PRINCIPAL = "lambda.amazonaws.com"
_MOST_ENVIRONMENT_BYTES = 4096
_BOUNDS = ((MEMORY, "MemorySize", 128, 10240), (TIMEOUT, "Timeout", 1, 900))


def install() -> None:
    """Check the functions of requests and templates."""
    check_requests(lambda_svc, "_create_function", "data", _check_new)
    check_requests(lambda_svc, "_update_config", "name data", _check_update)
    check_resources("AWS::Lambda::Function", _check_resource)


def _check_new(data: Mapping[str, Any]) -> None:
    conditions = {"iam:passedtoservice": _PRINCIPAL}
    message = denial("iam:PassRole", data.get("Role", ""), conditions)
    if message:
        raise PASSED_ROLE.error(message)

    _check(data.get("FunctionName", ""), {"Role": "", **data})


def _check_update(name: str, data: Mapping[str, Any]) -> None:
    if name in lambda_svc._functions:  # otherwise Lambda answers that the function does not exist
        _check(name, data)


def _check_resource(resource: Resource) -> None:
    properties = resource.properties
    key = {"KMSKeyArn": properties.get("KmsKeyArn", "")}
    _check(properties.get("FunctionName") or resource.name, {"Role": "", **properties, **key})


def _check(name: str, settings: Mapping[str, Any]) -> None:
    """Check the settings that a request names.

    Raises:
        RefusedError: Lambda refuses one of them.
    """
    for rule, setting, least, most in _BOUNDS:
        value = settings.get(setting)
        if value is not None and not least <= int(value) <= most:
            raise rule.error(_bound_message(setting, int(value), least, most))

    _check_environment((settings.get("Environment") or {}).get("Variables") or {})
    if "Role" in settings:
        _check_role(name, settings["Role"])

    if settings.get("KMSKeyArn"):
        _check_key(settings["KMSKeyArn"])


def _check_environment(variables: Mapping[str, str]) -> None:
    text = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > _MOST_ENVIRONMENT_BYTES:
        raise ENVIRONMENT.error(
            "Lambda was unable to configure your environment variables because the environment "
            f"variables you have provided exceeded the 4KB limit. String measured: {text}"
        )


def _check_role(name: str, role_arn: str) -> None:
    try:
        ServiceRole(role_arn, _PRINCIPAL, lambda_svc._func_arn(name), name).assume()
    except RoleNotAssumedError as exc:
        message = "The role defined for the function cannot be assumed by Lambda."
        raise ROLE.error(message) from exc


def _check_key(key_arn: str) -> None:
    if kms._resolve_key(key_arn) is None:
        raise KEY.error(
            "Lambda was unable to configure access to your environment variables because the KMS "
            "key is invalid for CreateGrant. Please check your KMS key settings. "
            f"KMS Exception: NotFoundException KMS Message: Key '{key_arn}' does not exist"
        )


def _bound_message(setting: str, value: int, least: int, most: int) -> str:
    bound = f"less than or equal to {most}" if value > most else f"greater than or equal to {least}"
    return (
        f"1 validation error detected: Value '{value}' at '{setting[0].lower()}{setting[1:]}' "
        f"failed to satisfy constraint: Member must have value {bound}"
    )
