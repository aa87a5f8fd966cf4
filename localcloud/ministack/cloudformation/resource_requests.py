"""List the requests that CloudFormation makes in the role of a stack for a resource.

These requests of a resource are checked: the request that creates it and those that set more of
its properties, the requests that update its changed properties, and the request that deletes it.
The roles that it passes and the tags of a new key are checked too. The contract tests check every
request against the role.
A request carries the condition keys aws:RequestTag, iam:PassedToService and
iam:PermissionsBoundary, besides the global keys of the caller. Other keys are absent, as
aws:TagKeys, aws:ResourceTag and kms:ViaService.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ministack.core.responses import get_account_id, get_region

from localcloud.ministack.cloudformation.generated_names import RANDOM
from localcloud.ministack.cloudformation.resource_arns import PART_OF, WITHOUT_ARN, Place, name_of
from localcloud.ministack.cloudformation.update_actions import update_actions

type Properties = Mapping[str, Any]
type Tags = Sequence[Mapping[str, str]]
# Action, ARN of the resource, condition keys in lower case.
type Request = tuple[str, str, Mapping[str, str]]

# The actions that create and delete a resource of each type.
ACTIONS = {
    "AWS::Budgets::Budget": ("budgets:ModifyBudget", "budgets:ModifyBudget"),
    "AWS::CloudFormation::Stack": ("cloudformation:CreateStack", "cloudformation:DeleteStack"),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"),
    "AWS::CloudWatch::CompositeAlarm": ("cloudwatch:PutCompositeAlarm", "cloudwatch:DeleteAlarms"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards"),
    "AWS::DynamoDB::Table": ("dynamodb:CreateTable", "dynamodb:DeleteTable"),
    "AWS::Events::Rule": ("events:PutRule", "events:DeleteRule"),
    "AWS::IAM::Role": ("iam:CreateRole", "iam:DeleteRole"),
    "AWS::KMS::Key": ("kms:CreateKey", "kms:ScheduleKeyDeletion"),
    "AWS::Lambda::Function": ("lambda:CreateFunction", "lambda:DeleteFunction"),
    "AWS::Lambda::LayerVersion": ("lambda:PublishLayerVersion", "lambda:DeleteLayerVersion"),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "logs:DeleteLogGroup"),
    "AWS::Logs::MetricFilter": ("logs:PutMetricFilter", "logs:DeleteMetricFilter"),
    "AWS::Logs::QueryDefinition": ("logs:PutQueryDefinition", "logs:DeleteQueryDefinition"),
    "AWS::Logs::ResourcePolicy": ("logs:PutResourcePolicy", "logs:DeleteResourcePolicy"),
    "AWS::Pipes::Pipe": ("pipes:CreatePipe", "pipes:DeletePipe"),
    "AWS::S3::Bucket": ("s3:CreateBucket", "s3:DeleteBucket"),
    "AWS::S3::BucketPolicy": ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    "AWS::SNS::Topic": ("sns:CreateTopic", "sns:DeleteTopic"),
    "AWS::SNS::TopicPolicy": ("sns:SetTopicAttributes", "sns:SetTopicAttributes"),
    "AWS::SQS::Queue": ("sqs:CreateQueue", "sqs:DeleteQueue"),
    "AWS::SQS::QueuePolicy": ("sqs:SetQueueAttributes", "sqs:SetQueueAttributes"),
    "AWS::StepFunctions::StateMachine": ("states:CreateStateMachine", "states:DeleteStateMachine"),
}
# Requests that follow the creation, for the properties that the first request does not set.
# Source: the permissions of the create handlers in CloudFormation's resource provider schemas.
AFTER_CREATION = {
    "AWS::DynamoDB::Table": {
        "PointInTimeRecoverySpecification": "dynamodb:UpdateContinuousBackups",
        "TimeToLiveSpecification": "dynamodb:UpdateTimeToLive",
    },
    "AWS::Events::Rule": {"Targets": "events:PutTargets"},
    "AWS::IAM::Role": {
        "ManagedPolicyArns": "iam:AttachRolePolicy",
        "Policies": "iam:PutRolePolicy",
    },
    "AWS::Lambda::Function": {"ReservedConcurrentExecutions": "lambda:PutFunctionConcurrency"},
    "AWS::Logs::LogGroup": {"RetentionInDays": "logs:PutRetentionPolicy"},
    "AWS::S3::Bucket": {
        "BucketEncryption": "s3:PutEncryptionConfiguration",
        "LifecycleConfiguration": "s3:PutLifecycleConfiguration",
        "LoggingConfiguration": "s3:PutBucketLogging",
        "NotificationConfiguration": "s3:PutBucketNotification",
        "OwnershipControls": "s3:PutBucketOwnershipControls",
        "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
        "VersioningConfiguration": "s3:PutBucketVersioning",
    },
    "AWS::SNS::Topic": {"Subscription": "sns:Subscribe"},
}
_EMPTY: tuple[Any, ...] = (None, [], {})
_WITHOUT_RESOURCE = {"cloudwatch:PutCompositeAlarm", "kms:CreateKey"}
# Actions with the key iam:PermissionsBoundary (Service Authorization Reference, IAM).
_BOUNDED = {
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
}
# The service to which a resource of each type passes its role.
HANDED_TO = {
    "AWS::Events::Rule": "events.amazonaws.com",
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::Pipes::Pipe": "pipes.amazonaws.com",
    "AWS::StepFunctions::StateMachine": "states.amazonaws.com",
}


class NotEmulatedError(Exception):
    """The local cloud has no permissions for this type. Deploy the stack without a role."""


def _actions(resource_type: str) -> tuple[str, str]:
    if resource_type not in ACTIONS:
        raise NotEmulatedError(f"{resource_type}: {NotEmulatedError.__doc__}")
    return ACTIONS[resource_type]


def of_creation(
    resource_type: str, logical_id: str, props: Properties, stack_name: str, stack_tags: Tags
) -> Iterator[Request]:
    """Yield the requests that create a resource.

    Raises:
        NotEmulatedError: the requests of the type are unknown here.
    """
    action = _actions(resource_type)[0]
    tags = _request_tags(props, stack_tags)
    if resource_type == "AWS::KMS::Key":
        yield action, "*", tags
        if tags:
            yield "kms:TagResource", _place().arn(resource_type, "*"), tags
        return

    yield (
        action,
        _future(resource_type, logical_id, props, stack_name, action),
        {**tags, **_boundary(action, props)},
    )
    yield from _passed_roles(resource_type, props, {})
    for name, following in AFTER_CREATION.get(resource_type, {}).items():
        if props.get(name) not in _EMPTY:
            arn = _future(resource_type, logical_id, props, stack_name, following)
            yield following, arn, _boundary(following, props)


def of_update(
    resource_type: str, physical_id: str, old: Properties, new: Properties, stack_tags: Tags
) -> Iterator[Request]:
    """Yield the requests that update a resource in place.

    Raises:
        NotEmulatedError: the requests of the type are unknown here.
    """
    put = _actions(resource_type)[0]
    arn = _existing(resource_type, physical_id, new)
    for action in update_actions(resource_type, put, old, new):
        tags = _request_tags(new, stack_tags) if "Tag" in action else {}
        place = "*" if action in _WITHOUT_RESOURCE else arn
        yield action, place, {**tags, **_boundary(action, new)}
    yield from _passed_roles(resource_type, new, old)


def of_deletion(resource_type: str, physical_id: str, props: Properties) -> Request:
    """Return the request that deletes a resource.

    Raises:
        NotEmulatedError: the requests of the type are unknown here.
    """
    return _actions(resource_type)[1], _existing(resource_type, physical_id, props), {}


def _request_tags(props: Properties, stack_tags: Tags) -> dict[str, str]:
    """Return the condition keys of the tags in a request, from the resource and its stack."""
    tags = props.get("Tags") or {}
    own = tags if isinstance(tags, Mapping) else {tag["Key"]: tag["Value"] for tag in tags}
    given = {tag["Key"]: tag["Value"] for tag in stack_tags} | dict(own)
    return {f"aws:requesttag/{key.lower()}": str(value) for key, value in given.items()}


def _boundary(action: str, props: Properties) -> dict[str, str]:
    boundary = props.get("PermissionsBoundary")
    return {"iam:permissionsboundary": boundary} if boundary and action in _BOUNDED else {}


def _passed_roles(resource_type: str, props: Properties, old: Properties) -> Iterator[Request]:
    """Return the roles that a resource passes to its service."""
    if resource_type in HANDED_TO:
        service = {"iam:passedtoservice": HANDED_TO[resource_type]}
        yield from (("iam:PassRole", role, service) for role in _roles(props) - _roles(old))


def _roles(props: Properties) -> set[str]:
    targets = [props, *props.get("Targets", [])]
    return {role for one in targets if (role := one.get("RoleArn") or one.get("Role"))}


def _future(
    resource_type: str, logical_id: str, props: Properties, stack_name: str, action: str
) -> str:
    """Return the ARN of a new resource, as far as its name is known."""
    if resource_type in WITHOUT_ARN or action in _WITHOUT_RESOURCE:
        return "*"
    if resource_type in PART_OF:
        return _existing(resource_type, "", props)
    return _place().arn(
        resource_type, name_of(resource_type, props, stack_name, logical_id, "0" * RANDOM)
    )


def _existing(resource_type: str, physical_id: str, props: Properties) -> str:
    if resource_type in WITHOUT_ARN:
        return "*"
    if resource_type not in PART_OF:
        return _place().arn_of_id(resource_type, physical_id)
    name, owner_type = PART_OF[resource_type]
    owner = props[name]
    return _place().arn_of_id(owner_type, owner[0] if isinstance(owner, list) else owner)


def _place() -> Place:
    return Place("aws", get_region(), get_account_id())
