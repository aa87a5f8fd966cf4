"""What a workflow does it does in its own role, as on AWS; MiniStack lets every task do everything."""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions

from localcloud.ministack.iam.service_role import RoleDeniedError, RoleNotAssumedError, ServiceRole
from localcloud.ministack.patch import wrap

_role: ContextVar[ServiceRole | None] = ContextVar("workflow_role", default=None)

# IAM actions that are not called as the API's operation is.
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
}
# What another action is asked for, once the call names a version.
_VERSIONED = {"s3:GetObject": "s3:GetObjectVersion"}
# The error of a denied task, as AWS has been seen to name it: an optimized integration keeps the name of the exception
# in version 1 of the Java SDK ("Lambda.AWSLambdaException": github.com/awslabs/aws-deployment-framework/issues/460),
# an aws-sdk integration that of version 2 ("DynamoDb.DynamoDbException").
_OPTIMIZED_ERRORS = {
    "lambda": "Lambda.AWSLambdaException",
    "dynamodb": "DynamoDB.AmazonDynamoDBException",
    "sqs": "SQS.AmazonSQSException",
    "sns": "SNS.AmazonSNSException",
    "events": "EventBridge.AmazonEventBridgeException",
    "states": "StepFunctions.AWSStepFunctionsException",
}


def install() -> None:
    """Have every task ask the role of its state machine first."""
    wrap(stepfunctions, "_execute_task", "state_def raw_input execution ctx", _in_role)
    wrap(stepfunctions, "_invoke_resource", "resource input_data", _authorized)
    wrap(stepfunctions, "_invoke_with_callback", "resource input_data token state_def", _authorized)


def _in_role(
    original: Callable[..., Any], state_def: Any, raw_input: Any, execution: Mapping[str, Any], ctx: Any
) -> Any:
    token = _role.set(_role_of(execution))
    try:
        return original(state_def, raw_input, execution, ctx)
    finally:
        _role.reset(token)


def authorize(execution: Mapping[str, Any], resource: str, arguments: Mapping[str, Any], error: str) -> None:
    """Ask the role of an execution for what a state does besides its task.

    Raises:
        stepfunctions._ExecutionError: ``error``, the role does not allow it.
    """
    try:
        _authorize(_role_of(execution), resource, arguments)
    except stepfunctions._ExecutionError as exc:
        raise stepfunctions._ExecutionError(error, exc.cause) from exc


def _role_of(execution: Mapping[str, Any]) -> ServiceRole:
    # The child executions of a Distributed Map belong to "<state machine>/<label>". AWS does not say which of the two
    # it gives as aws:SourceArn for a child's task; a trust policy has to allow both here.
    source_arn = execution["stateMachineArn"]
    role_arn = stepfunctions._state_machines[source_arn.partition("/")[0]]["roleArn"]
    return ServiceRole(role_arn, "states.amazonaws.com", source_arn, execution["name"])


def _authorized(original: Callable[..., Any], resource: str, input_data: Any, *rest: Any) -> Any:
    role = _role.get()
    # Outside a task there is no role (the TestState API); an activity calls no service.
    if role is not None and ":activity:" not in resource:
        _authorize(role, resource, input_data)
    return original(resource, input_data, *rest)


def _authorize(role: ServiceRole, resource: str, arguments: Mapping[str, Any]) -> None:
    service, operation, error = _integration(resource)
    if operation == "Invoke" and resource.split(":")[2] == "lambda":
        arguments = {"FunctionName": resource}  # the Resource is the function itself
    action = f"{iam_actions.SERVICE_TO_IAM_NAMESPACE.get(service, service)}:{operation}"
    action = _ACTIONS.get(action, action)
    if arguments.get("VersionId"):
        action = _VERSIONED.get(action, action)
    try:
        role.assume()
        for conditions in _conditions(action, arguments):
            role.require(service, action, _resource_arn(service, arguments), conditions)
    except RoleNotAssumedError as exc:
        raise stepfunctions._ExecutionError("States.Permissions", str(exc)) from exc
    except RoleDeniedError as exc:
        raise stepfunctions._ExecutionError(error, f"{exc} (Error Code: AccessDeniedException)") from exc


def _integration(resource: str) -> tuple[str, str, str]:
    """Read a Task's Resource: MiniStack's name of the service, the operation, the error of a denial."""
    words = resource.removesuffix(".waitForTaskToken").removesuffix(":2").removesuffix(".sync").split(":")
    if words[2] == "lambda":
        return "lambda", "Invoke", _OPTIMIZED_ERRORS["lambda"]
    operation = words[-1][:1].upper() + words[-1][1:]
    if words[5] == "aws-sdk":
        prefix = stepfunctions._AWS_SDK_ERROR_PREFIX.get(words[6].lower(), words[6].capitalize())
        service = stepfunctions._AWS_SDK_SERVICE_MAP.get(words[6].lower(), {}).get("service_key", words[6].lower())
        return service, operation, f"{prefix}.{prefix}Exception"
    return words[5], operation, _OPTIMIZED_ERRORS.get(words[5], "States.Permissions")


def _resource_arn(service: str, arguments: Mapping[str, Any]) -> str:
    """Find what a call is about as MiniStack does for a request over the wire, where it lies in path, body or query."""
    path = "/"
    if service == "lambda":
        name = stepfunctions._resolve_lambda_function_ref(arguments.get("FunctionName"), optimized=True)
        path = f"/2015-03-31/functions/{quote(str(name), safe='')}/invocations"
    elif service == "s3":
        path = f"/{arguments.get('Bucket', '')}/{arguments.get('Key', '')}"
    # A state writes every argument in PascalCase, also for the services whose API is in camelCase.
    body = {**arguments, **{name[:1].lower() + name[1:]: value for name, value in arguments.items()}}
    query = {name: [str(value)] for name, value in arguments.items()}
    arn: str = iam_actions.extract_resource_arn(
        service, "POST", path, {}, json.dumps(body).encode(), query, get_region(), get_account_id()
    )
    return arn


def _conditions(action: str, arguments: Mapping[str, Any]) -> list[dict[str, str]]:
    """The service's own condition keys, once for each thing that is asked for; EventBridge's are about an entry."""
    if action != "events:PutEvents":
        return [{}]
    return [
        {"events:source": entry.get("Source", ""), "events:detail-type": entry.get("DetailType", "")}
        for entry in arguments.get("Entries", [])
    ]
