"""Check that policies allow named actions on named resources, with conditions where needed."""

from collections.abc import Iterator
from typing import Any

from tests.security.gate.templates import Finding, Statement, Template, listed

# Actions that take no resource, so that "*" is the narrowest there is:
# Service Authorization Reference, "Actions, resources, and condition keys for AWS services".
WITHOUT_RESOURCE = {
    "access-analyzer:ValidatePolicy",
    "cloudformation:ValidateTemplate",
    "cloudwatch:PutCompositeAlarm",
    "cloudwatch:PutMetricData",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ecr:GetAuthorizationToken",
    "kms:CreateKey",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DeleteQueryDefinition",
    "logs:DeleteResourcePolicy",
    "logs:DescribeIndexPolicies",
    "logs:DescribeLogGroups",
    "logs:DescribeQueryDefinitions",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutQueryDefinition",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "servicequotas:ListServiceQuotas",
    "sns:Unsubscribe",
    "states:TestState",
    "states:ValidateStateMachineDefinition",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# It takes names of metric alarms, but no resource for composite alarms, so it allows all alarms.
OF_COMPOSITE_ALARMS = {"cloudwatch:PutCompositeAlarm": {"cloudwatch:DescribeAlarms"}}
# Actions whose resource is too wide, with the condition keys (or prefixes) that narrow them.
NARROWED_BY = {
    "cloudformation:CreateChangeSet": ("cloudformation:RoleArn",),
    "cloudwatch:PutCompositeAlarm": ("aws:RequestedRegion",),
    "cloudwatch:PutMetricData": ("cloudwatch:namespace",),
    "ec2:CreateNetworkInterface": (
        "lambda:SourceFunctionArn",
    ),  # Lambda joins the network, not the function's code
    "ec2:DescribeSubnets": ("lambda:SourceFunctionArn",),
    "events:PutEvents": ("events:source",),
    "iam:CreateRole": ("iam:PermissionsBoundary",),
    "iam:PutRolePermissionsBoundary": ("iam:PermissionsBoundary",),
    "iam:PutRolePolicy": ("iam:PermissionsBoundary",),
    "iam:PassRole": ("iam:PassedToService",),
    "kms:CreateKey": ("aws:RequestTag/",),
    "kms:PutKeyPolicy": ("aws:ResourceTag/",),
    "kms:TagResource": ("aws:RequestTag/",),
    "kms:CreateGrant": ("kms:GrantIsForAWSResource", "kms:ViaService"),
    "kms:Decrypt": ("kms:ViaService", "kms:EncryptionContext:"),
    "kms:Encrypt": ("kms:ViaService", "kms:EncryptionContext:"),
    "kms:GenerateDataKey": ("kms:ViaService", "kms:EncryptionContext:"),
}
# Conditions of a policy that people get, beyond those of the service's own roles: operator and key.
FOR_PEOPLE: dict[str, dict[str, list[tuple[str, str]]]] = {
    "ReviewerPolicy": {
        "dynamodb:UpdateItem": [
            ("ForAllValues:StringEquals", "dynamodb:Attributes"),
            ("Null", "dynamodb:Attributes"),  # ForAllValues alone holds without the key
        ],
        "events:PutEvents": [("StringEquals", "events:detail-type")],
    }
}


def check_policies(template: Template) -> Iterator[Finding]:
    """Find statements that are too wide, and permissions from outside a statement."""
    for statement in template.statements():
        for advice in _advice(statement):
            yield Finding(template.name, statement.where, advice)
    for logical_id, resource in template.data["Resources"].items():
        for advice in _other_rights(resource["Type"], resource.get("Properties", {})):
            yield Finding(template.name, logical_id, advice)


def _other_rights(kind: str, properties: dict[str, Any]) -> Iterator[str]:
    if properties.get("ManagedPolicyArns"):
        yield "write the statements by hand instead of ManagedPolicyArns"
    if kind in ("AWS::Serverless::Function", "AWS::Serverless::StateMachine"):
        if "Policies" in properties:
            yield "write the statements by hand instead of SAM's Policies"
        if "Role" not in properties:
            yield "name its Role, or SAM creates one that any function may assume"


def _advice(statement: Statement) -> Iterator[str]:
    if not str(statement.data.get("Sid", "")).isalnum():
        yield "give the statement a Sid that names its purpose"
    if {"NotAction", "NotResource", "NotPrincipal"} & statement.data.keys():
        yield "name the allowed elements, without Not"
    if not statement.allows:
        return
    if any("*" in action for action in statement.actions):
        yield "name the actions one by one"
    for operator, operands in statement.data.get("Condition", {}).items():
        if any(value == "*" for operand in operands.values() for value in listed(operand)):
            yield f"let {operator} not hold for anything"
    yield from _resources(statement)
    if statement.kind == "identity":
        yield from _conditions(statement)


def _resources(statement: Statement) -> Iterator[str]:
    if statement.owner_type == "AWS::KMS::Key":
        return  # "*" is the key that the policy is of
    without = WITHOUT_RESOURCE.union(
        *(OF_COMPOSITE_ALARMS.get(action, ()) for action in statement.actions)
    )
    for resource in listed(statement.data.get("Resource")):
        if resource == "*" and not without.issuperset(statement.actions):
            yield "name the exact resource"
        text = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
        text = (
            text[0] if isinstance(text, list) else text
        )  # the other form, with variables of its own
        if (
            isinstance(text, str)
            and text.startswith("arn:")
            and "*" in ":".join(text.split(":")[:4])
        ):
            yield "name partition, service and region of the resource"


def _expands_templates_only(statement: Statement) -> bool:
    """Return whether its resources are macros of AWS, which change nothing."""
    texts = [
        one.get("Fn::Sub", "")
        for one in listed(statement.data.get("Resource"))
        if isinstance(one, dict)
    ]
    return bool(texts) and all(":aws:transform/" in text for text in texts)


def _conditions(statement: Statement) -> Iterator[str]:
    if _expands_templates_only(statement):
        return
    for action in statement.actions:
        for beginning in NARROWED_BY.get(action, ()):
            if not any(key.startswith(beginning) for key in statement.condition_keys):
                yield f"narrow {action} by {beginning}"

        for operator, key in FOR_PEOPLE.get(statement.owner, {}).get(action, []):
            if key not in statement.data.get("Condition", {}).get(operator, {}):
                yield f"narrow {action} by {operator} of {key}"
