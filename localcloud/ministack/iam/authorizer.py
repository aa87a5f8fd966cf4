"""Authorize the requests of our own services by MiniStack's IAM."""

import contextvars
import json
from collections.abc import Mapping
from urllib.parse import quote

from ministack.core import iam_evaluator
from ministack.core.iam_actions import access_denied_response, identity_denial_message
from ministack.core.iam_evaluator import (
    AuthError,
    find_iam_access_key_account,
    pin_request_origin,
    pin_signed_body,
)
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.core.router import extract_access_key_id, extract_region

from localcloud.api.protocol import AccessDeniedError, Request


class MiniStackAuthorizer:
    """Check the signature and the caller's policies with MiniStack's IAM.

    Like `ministack.app` under AUTH=true, it keeps caller and signature in context variables.
    """

    def authorize(
        self,
        request: Request,
        action: str,
        resource_arn: str,
        conditions: Mapping[str, str] | None = None,
    ) -> None:
        """Return if the caller may perform the action on the resource.

        Raises:
            AccessDeniedError: with AWS's message; also when the signature is missing or wrong.
        """
        # A copy of the context separates the values of this question from the next one.
        context = contextvars.copy_context()
        context.run(_authorize, request, action, resource_arn, conditions)


def _authorize(
    request: Request, action: str, resource_arn: str, conditions: Mapping[str, str] | None
) -> None:
    scope = request.scope
    head = request.head
    # MiniStack finds the key of the signature with the same function. Otherwise the policies of one
    # key and the signature of another key could be checked.
    access_key = extract_access_key_id(head.headers, head.query)
    region = head.region or extract_region({})
    set_request_account_id(find_iam_access_key_account(access_key) or access_key)
    set_request_region(region)
    # The local cloud serves the loopback address only, which counts as TLS (aws:SecureTransport).
    pin_request_origin((scope.get("client") or ("127.0.0.1",))[0], True)
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    # Patches wrap these two functions: they are looked up at the call.
    iam_evaluator.pin_signed_request(
        scope["method"], raw_path.decode("latin-1"), head.query, scope["headers"]
    )
    pin_signed_body(request.body)
    denied = iam_evaluator.enforce(
        access_key,
        action,
        action.partition(":")[0],
        region,
        resource_arn=resource_arn,
        service_context=dict(conditions or {}),
    )
    if isinstance(denied, AuthError):
        raise _credential_failure(denied, action, head.headers)

    if denied:
        explicit = denied.decision == "Deny"
        raise AccessDeniedError(
            identity_denial_message(action, denied.principal_arn, resource_arn, explicit)
        )


def _credential_failure(
    failure: AuthError, action: str, headers: Mapping[str, str]
) -> AccessDeniedError:
    # MiniStack writes the failure in the protocol of a service; SageMaker has JSON.
    body = access_denied_response(
        "sagemaker",
        action,
        "",
        "",
        error_code=failure.code,
        message=failure.message,
        headers=headers,
    )[2]
    answer = json.loads(body)
    return AccessDeniedError(answer["message"], answer["__type"])
