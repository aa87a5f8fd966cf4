"""Let CloudFormation work in the role of a stack operation (`--role-arn`).

MiniStack: ignores the role.
AWS: makes every call in that role, and remembers it for later operations on the stack.
Source: CloudFormation User Guide, "CloudFormation service role".
Remove this patch when MiniStack does the same.

For each resource the first request of its handlers is checked: the request that creates it, the one
that deletes it, the roles that are passed on, and the tag of a new key. The contract tests check
every request against the role.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import _stacks, changesets, handlers, provisioners, stacks

from localcloud.ministack.cloudformation.generated_names import RANDOM
from localcloud.ministack.cloudformation.resource_arns import PART_OF, WITHOUT_ARN, Place, name_of
from localcloud.ministack.iam.service_role import RoleDeniedError, ServiceRole
from localcloud.ministack.patch import wrap

type Parameters = Mapping[str, Any]
type Properties = Mapping[str, Any]
type Request = tuple[str, str, Mapping[str, str]]

_PRINCIPAL = "cloudformation.amazonaws.com"
_SAM = "Serverless-2016-10-31"
# What makes a resource of each type, and what deletes it.
_ACTIONS = {
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
_WITHOUT_RESOURCE = {"cloudwatch:PutCompositeAlarm", "kms:CreateKey"}
_HANDED_TO = {
    "AWS::Events::Rule": "events.amazonaws.com",
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::Pipes::Pipe": "pipes.amazonaws.com",
    "AWS::StepFunctions::StateMachine": "states.amazonaws.com",
}


class NotEmulatedError(Exception):
    """The local cloud does not know what CloudFormation asks for such a resource: deploy it without a role."""


def install() -> None:
    """Remember the role of a stack, and ask its policies before a resource is made or deleted."""
    wrap(changesets, "_create_change_set", "params", _create_change_set)
    wrap(changesets, "_execute_change_set", "params", _execute_change_set)
    wrap(handlers, "_create_stack", "params", _create_stack)
    for name in ("_update_stack", "_delete_stack"):
        wrap(handlers, name, "params", _change_stack)
    handlers._ACTION_HANDLERS.update(
        CreateChangeSet=changesets._create_change_set,
        ExecuteChangeSet=changesets._execute_change_set,
        CreateStack=handlers._create_stack,
        UpdateStack=handlers._update_stack,
        DeleteStack=handlers._delete_stack,
    )
    wrap(provisioners, "_provision_resource", "resource_type logical_id props stack_name", _provision)
    wrap(provisioners, "_delete_resource", "resource_type physical_id props stack_name logical_id", _delete)
    for name in ("_provision_resource", "_delete_resource"):
        setattr(stacks, name, getattr(provisioners, name))


def _given(params: Parameters, name: str) -> str:
    value: str = handlers._p(params, name)
    return value


def _create_change_set(original: Callable[..., Any], params: Parameters) -> Any:
    answer = original(params)
    role_arn = _given(params, "RoleARN")
    _, change_set = changesets._find_change_set(_given(params, "ChangeSetName"), _given(params, "StackName"))
    if answer[0] == 200 and role_arn and change_set:
        change_set["RoleARN"] = role_arn
        if _SAM in change_set["_template_body"]:
            _expand(change_set, role_arn)
    return answer


def _expand(change_set: dict[str, Any], role_arn: str) -> None:
    """Fail the change set if the role may not expand SAM's macro."""
    macro = f"arn:aws:cloudformation:{get_region()}:aws:transform/{_SAM}"
    try:
        _require(role_arn, change_set["StackId"], [("cloudformation:CreateChangeSet", macro, {})])
    except RoleDeniedError as exc:
        change_set.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=str(exc))


def _execute_change_set(original: Callable[..., Any], params: Parameters) -> Any:
    _, change_set = changesets._find_change_set(_given(params, "ChangeSetName"), _given(params, "StackName"))
    if change_set and "RoleARN" in change_set and change_set["StackName"] in _stacks:
        _stacks[change_set["StackName"]]["RoleARN"] = change_set["RoleARN"]
    return original(params)


def _create_stack(original: Callable[..., Any], params: Parameters) -> Any:
    answer = original(params)  # the work begins when this request is answered
    if answer[0] == 200 and (role_arn := _given(params, "RoleARN")):
        _stacks[_given(params, "StackName")]["RoleARN"] = role_arn
    return answer


def _change_stack(original: Callable[..., Any], params: Parameters) -> Any:
    stack = handlers._resolve_stack(_given(params, "StackName"))
    if stack and (role_arn := _given(params, "RoleARN")):
        stack["RoleARN"] = role_arn
    return original(params)


def _provision(
    original: Callable[..., Any], resource_type: str, logical_id: str, props: Properties, stack_name: str
) -> Any:
    if stack := _stack_with_role(stack_name):
        made = list(_of_creation(resource_type, logical_id, props, stack_name, stack))
        _require(stack["RoleARN"], stack["StackId"], made)
    return original(resource_type, logical_id, props, stack_name)


def _delete(
    original: Callable[..., Any],
    resource_type: str,
    physical_id: str,
    props: Properties,
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> Any:
    if stack := _stack_with_role(stack_name or ""):
        action = _actions(resource_type)[1]
        arn = "*" if resource_type in WITHOUT_ARN else _existing(resource_type, physical_id, props)
        _require(stack["RoleARN"], stack["StackId"], [(action, arn, {})])
    return original(resource_type, physical_id, props, stack_name, logical_id)


def session_of_stack(name: str) -> str | None:
    """Return the ARN of the session in which CloudFormation works for a stack; None for a stack without a role."""
    stack = _stack_with_role(name)
    return _role(stack["RoleARN"], stack["StackId"]).caller_arn if stack else None


def _stack_with_role(name: str) -> dict[str, Any] | None:
    """The stack itself, or the one that it is nested in, if an operation named a role for it."""
    stack: dict[str, Any] | None = _stacks.get(name)
    while stack and not stack.get("RoleARN"):
        stack = handlers._resolve_stack(stack["ParentId"]) if stack.get("ParentId") else None
    return stack


def _actions(resource_type: str) -> tuple[str, str]:
    if resource_type not in _ACTIONS:
        raise NotEmulatedError(f"{resource_type}: {NotEmulatedError.__doc__}")
    return _ACTIONS[resource_type]


def _of_creation(
    resource_type: str, logical_id: str, props: Properties, stack_name: str, stack: Mapping[str, Any]
) -> Iterator[Request]:
    action = _actions(resource_type)[0]
    tags = {f"aws:requesttag/{tag['Key'].lower()}": tag["Value"] for tag in stack.get("Tags", [])}
    bounded = {"iam:permissionsboundary": props.get("PermissionsBoundary", "")} if "iam:" in action else {}
    if resource_type == "AWS::KMS::Key":
        yield action, "*", tags
        if tags:
            yield "kms:TagResource", _place().arn(resource_type, "*"), tags
        return
    yield action, _future(resource_type, logical_id, props, stack_name, action), {**tags, **bounded}
    if resource_type in _HANDED_TO:
        targets = [props, *props.get("Targets", [])]
        roles = {one.get("RoleArn") or one.get("Role") for one in targets} - {None}
        yield from (("iam:PassRole", role, {"iam:passedtoservice": _HANDED_TO[resource_type]}) for role in roles)


def _future(resource_type: str, logical_id: str, props: Properties, stack_name: str, action: str) -> str:
    """The ARN that a resource will have, as far as its name is known before it is made."""
    if resource_type in WITHOUT_ARN or action in _WITHOUT_RESOURCE:
        return "*"
    if resource_type in PART_OF:
        return _existing(resource_type, "", props)
    return _place().arn(resource_type, name_of(resource_type, props, stack_name, logical_id, "0" * RANDOM))


def _existing(resource_type: str, physical_id: str, props: Properties) -> str:
    if resource_type not in PART_OF:
        return _place().arn_of_id(resource_type, physical_id)
    name, owner_type = PART_OF[resource_type]
    owner = props[name]
    return _place().arn_of_id(owner_type, owner[0] if isinstance(owner, list) else owner)


def _require(role_arn: str, stack_id: str, requests: list[Request]) -> None:
    role = _role(role_arn, stack_id)
    role.assume()
    for action, arn, conditions in requests:
        role.require(action.partition(":")[0], action, arn, conditions)


def _role(role_arn: str, stack_id: str) -> ServiceRole:
    return ServiceRole(role_arn, _PRINCIPAL, stack_id, "AWSCloudFormation")


def _place() -> Place:
    return Place("aws", get_region(), get_account_id())
