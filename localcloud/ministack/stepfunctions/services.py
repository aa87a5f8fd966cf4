"""Call the services of tasks in this process; HTTP would add a millisecond to each call.

A workflow works in the role of its state machine. The role's policies are checked before each call,
as for a signed request.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, dynamodb, eventbridge, sns, sqs, ssm

from localcloud.ministack.iam.service_role import RoleDeniedError, RoleNotAssumedError, ServiceRole
from localcloud.ministack.stepfunctions import functions, objects
from localcloud.stepfunctions.errors import PERMISSIONS, StateError
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.integrations import Integration

type _Call = Callable[[Execution, Integration, Mapping[str, Any]], Any]

_PRINCIPAL = "states.amazonaws.com"
# The action that replaces another one when a call names a version.
_VERSIONED = {
    "s3:GetObject": "s3:GetObjectVersion",
    "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
    "s3:PutObjectTagging": "s3:PutObjectVersionTagging",
}


class MiniStackServices:
    """Implement `localcloud.stepfunctions.surroundings.Services` with MiniStack."""

    def require(
        self, execution: Execution, integration: Integration, arguments: Mapping[str, Any]
    ) -> None:
        """Return if the role of the execution allows the call.

        Raises:
            StateError: with the error of the role or the service.
        """
        with _scope(execution):
            _authorize(execution, integration, arguments)

    def call(self, execution: Execution, integration: Integration, arguments: Any) -> Any:
        """Make the call if the role allows it.

        Raises:
            StateError: with the error of the role or the service.
        """
        with _scope(execution):
            _authorize(execution, integration, arguments)
            return _CALLS[integration.service](execution, integration, arguments)


def _scope(execution: Execution) -> Any:
    _, _, _, region, account, *_ = execution.arn.split(":")
    return request_scope(account, region)


def _authorize(
    execution: Execution, integration: Integration, arguments: Mapping[str, Any]
) -> None:
    # The children of a Distributed Map belong to "<state machine>/<label>". AWS does not document
    # which ARN is aws:SourceArn for a child's task. Here a trust policy must allow both.
    role = ServiceRole(
        execution.revision.role_arn, _PRINCIPAL, execution.machine_arn, execution.name
    )
    if integration.is_function:
        arguments = {"FunctionName": integration.resource}

    action = integration.action
    if arguments.get("VersionId"):
        action = _VERSIONED.get(action, action)

    try:
        role.assume()
        for conditions in _conditions(action, arguments):
            arn = _resource_arn(integration.service, arguments)
            role.require(integration.service, action, arn, conditions)
    except RoleNotAssumedError as exc:
        raise StateError(PERMISSIONS, str(exc)) from exc
    except RoleDeniedError as exc:
        message = f"{exc} (Error Code: AccessDeniedException)"
        raise StateError(integration.error, message) from exc


def _resource_arn(service: str, arguments: Mapping[str, Any]) -> str:
    """Return the ARN of a call's resource, as MiniStack finds it in a request."""
    path = "/"
    if service == "lambda":
        name = quote(str(arguments.get("FunctionName")), safe="")
        path = f"/2015-03-31/functions/{name}/invocations"
    elif service == "s3":
        path = f"/{arguments.get('Bucket', '')}/{arguments.get('Key', '')}"

    # States write all arguments in PascalCase, even if the API uses camelCase.
    named = {key: value for key, value in arguments.items() if not isinstance(value, bytes)}
    body = {**named, **{key[:1].lower() + key[1:]: value for key, value in named.items()}}
    query = {key: [str(value)] for key, value in named.items()}
    arn: str = iam_actions.extract_resource_arn(
        service,
        "POST",
        path,
        {},
        json.dumps(body).encode(),
        query,
        get_region(),
        get_account_id(),
    )

    return arn


def _conditions(action: str, arguments: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the condition keys of each check; PutEvents is checked for each entry."""
    if action == "cloudwatch:PutMetricData":
        return [{"cloudwatch:namespace": str(arguments.get("Namespace", ""))}]
    if action != "events:PutEvents":
        return [{}]

    return [
        {
            "events:source": entry.get("Source", ""),
            "events:detail-type": entry.get("DetailType", ""),
        }
        for entry in arguments.get("Entries", [])
    ]


def _call_dynamodb(_: Execution, integration: Integration, arguments: Mapping[str, Any]) -> Any:
    handlers = {
        "GetItem": dynamodb._get_item,
        "PutItem": dynamodb._put_item,
        "UpdateItem": dynamodb._update_item,
        "DeleteItem": dynamodb._delete_item,
        "Query": dynamodb._query,
    }
    return _answered(integration, handlers[integration.operation](arguments))


def _put_events(
    execution: Execution, integration: Integration, arguments: Mapping[str, Any]
) -> Any:
    # "Add EventBridge events with Step Functions", Key features: Step Functions appends its ARNs.
    own = [execution.arn, execution.machine_arn]
    entries = [
        {
            **entry,
            "Detail": _text(entry.get("Detail", {})),
            "Resources": [*entry.get("Resources", []), *own],
        }
        for entry in arguments["Entries"]
    ]
    result = _answered(integration, eventbridge._put_events({**arguments, "Entries": entries}))
    if result["FailedEntryCount"]:
        raise StateError("EventBridge.FailedEntry", json.dumps(result["Entries"]))

    return result


def _send_message(_: Execution, _i: Integration, arguments: Mapping[str, Any]) -> Any:
    message = {**arguments, "MessageBody": _text(arguments.get("MessageBody"))}
    try:
        return sqs._act_send_message(message, arguments.get("QueueUrl", ""))
    except sqs._Err as exc:
        raise StateError(f"SQS.{exc.code}", exc.message) from exc


def _publish(_: Execution, integration: Integration, arguments: Mapping[str, Any]) -> Any:
    message = {**arguments, "Message": _text(arguments.get("Message"))}
    status, _headers, body = sns._publish(message)
    text = body.decode() if isinstance(body, bytes) else str(body)
    if status >= 400:
        raise StateError(integration.error, text)
    return {"MessageId": text.partition("<MessageId>")[2].partition("<")[0]}


def _get_parameter(_: Execution, integration: Integration, arguments: Mapping[str, Any]) -> Any:
    return _answered(integration, ssm._get_parameter(arguments))


def _put_metric_data(_: Execution, integration: Integration, arguments: Mapping[str, Any]) -> Any:
    return _answered(integration, cloudwatch._put_metric_data({}, arguments, False, is_json=True))


def _answered(integration: Integration, answer: tuple[int, Any, bytes]) -> Any:
    """Return the members of a JSON answer.

    Raises:
        StateError: with the error of the role or the service.
    """
    status, _, body = answer
    members = json.loads(body) if body else {}
    if status >= 400:
        name = members.get("__type", "").rsplit("#", 1)[-1].rsplit(".", 1)[-1]
        error = f"{integration.prefix}.{name}" if name else integration.error
        raise StateError(error, members.get("message", members.get("Message", "")))
    return members


def _text(value: Any) -> str:
    """Return a text unchanged, and other values as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


_CALLS: Mapping[str, _Call] = {
    "cloudwatch": _put_metric_data,
    "dynamodb": _call_dynamodb,
    "events": _put_events,
    "lambda": functions.invoke,
    "s3": objects.call,
    "sns": _publish,
    "sqs": _send_message,
    "ssm": _get_parameter,
}
