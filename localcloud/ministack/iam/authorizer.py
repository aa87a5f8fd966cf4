"""Callers, signatures and policies as MiniStack's IAM has them, so that SageMaker is as strict as any other service."""

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
    """Asks MiniStack's IAM: is the signature good, and do the caller's policies allow the action?

    Goes the way of `ministack.app` under AUTH=true, which keeps a request's caller and signature in context variables.
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
        # A copy of the context keeps what one question pins away from the next one.
        context = contextvars.copy_context()
        context.run(_authorize, request, action, resource_arn, conditions)


def _authorize(
    request: Request, action: str, resource_arn: str, conditions: Mapping[str, str] | None
) -> None:
    scope = request.scope
    head = request.head
    # The same function finds the key whose signature MiniStack checks: a key that is found in another way could
    # pass the check of the policies while another key's signature is checked.
    access_key = extract_access_key_id(head.headers, head.query)
    region = head.region or extract_region({})
    set_request_account_id(find_iam_access_key_account(access_key) or access_key)
    set_request_region(region)
    # The local cloud is reached over loopback only, which counts as TLS (aws:SecureTransport) in all of it.
    pin_request_origin((scope.get("client") or ("127.0.0.1",))[0], True)
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    # These two are looked up where they are called: patches wrap them.
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
    # MiniStack words the failure in a service's protocol; SageMaker's is JSON.
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
