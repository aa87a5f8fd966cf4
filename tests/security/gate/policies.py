"""Who may do what: every policy statement, and what stands beside them to give rights without one."""

from collections.abc import Iterator
from typing import Any

from tests.security.gate.templates import Finding, Statement, Template, listed

# Actions that take no resource, so that "*" is the narrowest there is:
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# What an action's resource does not narrow enough, and the condition that does.
NARROWED_BY = {
    "cloudwatch:PutMetricData": "cloudwatch:namespace",
    "events:PutEvents": "events:source",
    "iam:CreateRole": "iam:PermissionsBoundary",
    "iam:PassRole": "iam:PassedToService",
}
# What tells for whom a service acts. Logs names the log group in the encryption context of a key instead.
SOURCE_ARN = {"aws:SourceArn", "kms:EncryptionContext:aws:logs:arn", "kms:EncryptionContext:aws:sqs:arn"}
SOURCE_ACCOUNT = {"aws:SourceAccount", "kms:CallerAccount", "kms:EncryptionContext:aws:logs:arn"}
ACCOUNT_ROOT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


def check_policies(template: Template) -> Iterator[Finding]:
    """Find statements that name too little, and rights that come from elsewhere."""
    for statement in template.statements():
        for advice in _advice(statement):
            yield Finding(template.name, statement.where, advice)
    for logical_id, resource in template.data["Resources"].items():
        where, properties = (template.name, logical_id), resource.get("Properties", {})
        if properties.get("ManagedPolicyArns"):
            yield Finding(*where, "write the statements by hand instead of ManagedPolicyArns")
        if resource["Type"].startswith("AWS::Serverless::") and {"Policies", "Connectors"} & {*properties, *resource}:
            yield Finding(*where, "give it a Role with statements by hand instead of SAM's Policies or Connectors")
        if resource["Type"] in ROLE_NEEDED and "Role" not in properties:
            yield Finding(*where, "name its Role, or SAM makes one that anybody's may assume")


ROLE_NEEDED = {"AWS::Serverless::Function", "AWS::Serverless::StateMachine"}


def _advice(statement: Statement) -> Iterator[str]:
    data = statement.data
    if not str(data.get("Sid", "")).isalnum():
        yield "give the statement a Sid that says what it is for"
    if {"NotAction", "NotResource", "NotPrincipal"} & data.keys():
        yield "name what is meant, not what is not"
    if not statement.allows:
        return
    if data.get("Principal") == ACCOUNT_ROOT and statement.kind == "resource":
        return  # hands a key over to the account's own IAM policies, as AWS's default key policy does
    if any("*" in action for action in statement.actions):
        yield "name the actions one by one"
    for operator, operands in data.get("Condition", {}).items():
        if any(value == "*" for operand in operands.values() for value in listed(operand)):
            yield f"let {operator} not hold for anything"
    yield from _narrow_resources(statement)
    yield from _known_principals(statement)


def _narrow_resources(statement: Statement) -> Iterator[str]:
    if statement.kind == "identity":
        for resource in listed(statement.data.get("Resource")):
            if resource == "*" and not set(statement.actions) <= WITHOUT_RESOURCE:
                yield "name the exact resource"
            if resource != "*" and _any_service_or_region(resource):
                yield "name partition, service and region of the resource"
        for action in statement.actions:
            if (key := NARROWED_BY.get(action)) and key not in statement.condition_keys:
                yield f"narrow {action} by {key}"


def _any_service_or_region(resource: Any) -> bool:
    text = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
    return isinstance(text, str) and text.startswith("arn:") and "*" in ":".join(text.split(":")[:4])


def _known_principals(statement: Statement) -> Iterator[str]:
    if statement.kind == "identity":
        return
    principal, keys = statement.data.get("Principal", {}), statement.condition_keys
    services = listed(principal.get("Service")) if isinstance(principal, dict) else []
    if not services and (principal == "*" or "*" in listed(principal.get("AWS"))):
        # A VPC endpoint takes no other principal for "all of this account".
        if "aws:PrincipalAccount" not in keys and not {"kms:CallerAccount", "kms:ViaService"} <= keys:
            yield "name the principal"
        return
    for service in services:
        if not SOURCE_ARN & keys:
            yield f"say on whose behalf {service} may act: aws:SourceArn"
        if not SOURCE_ACCOUNT & keys:
            yield f"say in whose account {service} may act: aws:SourceAccount"
    for provider in listed(principal.get("Federated")) if isinstance(principal, dict) else []:
        for claim in (":aud", ":sub"):
            if not any(key.endswith(claim) for key in keys):
                yield f"say whom {provider} may vouch for: the claim {claim[1:]}"
