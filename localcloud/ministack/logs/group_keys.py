"""Refuse log groups with a KMS key that CloudWatch Logs cannot use, or with an unknown retention.

MiniStack: stores any key. Its CloudFormation stores any retention.
AWS: refuses a key that does not exist, is disabled, or has a policy that does not let CloudWatch
Logs use it for the group. The message, with its code:
https://github.com/hashicorp/terraform-provider-aws/issues/29282.
Source: CloudWatch Logs API Reference, CreateLogGroup and PutRetentionPolicy; CloudWatch Logs User
Guide, "Encrypt log data in CloudWatch Logs using AWS KMS" (the key policy).
Remove this patch when MiniStack does the same.
"""

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, kms

from localcloud.ministack.refusals import (
    RefusedError,
    Resource,
    Rule,
    check_requests,
    check_resources,
)

_AREA = "CloudWatch Logs groups"
KEY = Rule(
    _AREA,
    "a KMS key that does not exist or is disabled",
    "CloudWatchLogs",
    "InvalidParameterException",
)
KEY_POLICY = Rule(
    _AREA,
    "a KMS key whose policy does not let CloudWatch Logs use it for the group",
    "CloudWatchLogs",
    "AccessDeniedException",
)
RETENTION = Rule(
    _AREA,
    "a retention that CloudWatch Logs does not offer, as 45 days",
    "CloudWatchLogs",
    "InvalidParameterException",
)
RULES = (KEY, KEY_POLICY, RETENTION)

# The policy of the user guide has wildcards: Encrypt*, Decrypt*, ReEncrypt*, GenerateDataKey*,
# Describe*.
_ACTIONS = ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "DescribeKey")
_CONTEXT_KEY = "kms:encryptioncontext:aws:logs:arn"


def install() -> None:
    """Check the log groups of requests and templates."""
    check_requests(cloudwatch_logs, "_create_log_group", "data", _check_group)
    check_requests(cloudwatch_logs, "_put_retention_policy", "data", _check_retention_request)
    check_resources("AWS::Logs::LogGroup", _check_resource)


def _check_group(data: Mapping[str, Any]) -> None:
    if data.get("kmsKeyId"):
        _check_key(data.get("logGroupName", ""), data["kmsKeyId"])


def _check_retention_request(data: Mapping[str, Any]) -> None:
    if data.get("logGroupName") in cloudwatch_logs._log_groups:
        _check_retention(data.get("retentionInDays"))


def _check_resource(resource: Resource) -> None:
    properties = resource.properties
    if properties.get("RetentionInDays"):
        _check_retention(properties["RetentionInDays"])
    if properties.get("KmsKeyId"):
        _check_key(properties.get("LogGroupName") or resource.name, properties["KmsKeyId"])


def _check_retention(days: Any) -> None:
    offered = sorted(cloudwatch_logs._VALID_RETENTION_DAYS)
    if int(days or 0) not in offered:
        raise RETENTION.error(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy "
            f"constraint: Member must satisfy enum value set: {offered}"
        )


def _check_key(group: str, key_arn: str) -> None:
    """Raise RefusedError if CloudWatch Logs cannot use the key for the group."""
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
    key = kms._resolve_key(key_arn) if key_arn.startswith("arn:") else None
    if key is None or key["KeyState"] != "Enabled":
        raise _refused(KEY, arn)
    if not all(_allows(key, f"kms:{action}", arn) for action in _ACTIONS):
        raise _refused(KEY_POLICY, arn)


def _refused(rule: Rule, arn: str) -> RefusedError:
    return rule.error(
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
    )


def _allows(key: Mapping[str, Any], action: str, group_arn: str) -> bool:
    service = f"logs.{get_region()}.amazonaws.com"
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=key["Arn"],
        region=get_region(),
        secure_transport=True,
        service_context={_CONTEXT_KEY: group_arn, "aws:sourceaccount": get_account_id()},
    )
    result = iam_evaluator.evaluate_resource_policy(key["Policy"], context, service=service)

    return bool(result.decision == "Allow")
