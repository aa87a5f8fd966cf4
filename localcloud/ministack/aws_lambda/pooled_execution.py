"""Run Lambda functions in the pool of execution environments.

MiniStack: runs Python functions in workers that share one environment. They hide the class of
every error.
AWS: runs each function through the Runtime API, in a separate environment. An error has the
class that the function raised.
Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
Remove this patch when MiniStack runs AWS's own runtime client.

Import this module when MiniStack's settings are in the environment.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from io import BytesIO
from typing import Any

from ministack.services import lambda_svc

from localcloud.lambda_runtime.code_store import LIMITS
from localcloud.lambda_runtime.invocation import Function, Invocation
from localcloud.lambda_runtime.pool import LambdaPool, PoolBusyError
from localcloud.lambda_runtime.settings import ARCHITECTURE, PoolSettings, require_runtime
from localcloud.lambda_runtime.variables import function_variables
from localcloud.ministack.iam.service_role import RoleNotAssumedError, ServiceRole
from localcloud.ministack.patch import wrap
from untrusted.archive import UnsafeArchiveError
from untrusted.zip import check_zip

# The runtime of the Lambda environment. MiniStack runs functions of other runtimes.
RUNTIME = "python3.13"

type Result = dict[str, Any]


def install(settings: PoolSettings) -> LambdaPool:
    """Run MiniStack's functions in a new pool of execution environments.

    Return the pool, which the caller closes.

    Raises:
        UnsupportedSystemError: this is not Linux.
        RuntimeMissingError: the Python environment of the Lambda runtime is missing.
        PatchMismatchError: MiniStack has another version than the patches expect.
    """
    require_runtime(settings.python)
    pool = LambdaPool(settings)
    wrap(lambda_svc, "_reject_unreadable_zip", "zip_data", _refuse_unsafe_zip)
    wrap(lambda_svc, "_throttle_response", "reason_code msg retry_after", _name_throttling)
    wrap(
        lambda_svc,
        "_execute_function_warm",
        "func event request_id",
        _PooledExecution(pool, settings),
    )

    return pool


def _name_throttling(
    original: Callable[..., Result], reason_code: str, msg: str, retry_after: int = 1
) -> Result:
    """Name a throttled invocation as Step Functions does, in ``errorType``."""
    result = original(reason_code, msg, retry_after)
    return {
        **result,
        "body": result["body"]
        | {"errorType": "Lambda.TooManyRequestsException", "errorMessage": msg},
    }


def _refuse_unsafe_zip(original: Callable[[bytes | None], Any], zip_data: bytes | None) -> Any:
    """Refuse a package or layer that the pool does not unpack, with Lambda's message."""
    if refusal := original(zip_data):
        return refusal

    try:
        if zip_data is not None:
            check_zip(
                BytesIO(zip_data), replace(LIMITS, unpacked_bytes=sys.maxsize)
            )  # MiniStack checks the size itself
    except UnsafeArchiveError as error:
        sentence = (
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        )
        return lambda_svc.error_response_json(
            "InvalidParameterValueException", f"{sentence} ({error})", HTTPStatus.BAD_REQUEST
        )

    return None


def _wrong_architecture(built_for: list[str]) -> Result:
    """Return an error if the function is built for another processor.

    Otherwise it would fail when it imports its first compiled module.
    """
    sentence = (
        f"The function was built for {', '.join(built_for)}, this machine is {ARCHITECTURE}: "
        f"build and deploy with --parameter-overrides Architecture={ARCHITECTURE}"
    )
    return {
        "body": {"errorType": "Runtime.WrongArchitecture", "errorMessage": sentence},
        "error": True,
        "log": sentence,
    }


def _role_not_assumed(reason: str) -> Result:
    """Refuse an invocation with Lambda's message and Step Functions' error name."""
    sentence = f"The role defined for the function cannot be assumed by Lambda. ({reason})"
    return {
        "body": {"errorType": "Lambda.AWSLambdaException", "errorMessage": sentence},
        "error": True,
        "log": sentence,
    }


class _PooledExecution:
    """Run a function in the pool, in MiniStack's thread of the invocation."""

    def __init__(self, pool: LambdaPool, settings: PoolSettings) -> None:
        self._pool = pool
        self._settings = settings

    def __call__(
        self, original: Callable[..., Result], func: Result, event: Any, request_id: str
    ) -> Result:
        config = func.get("config") or func
        if config.get("Runtime") != RUNTIME or not func.get("code_zip"):
            return original(func, event, request_id)

        built_for = config.get("Architectures") or [ARCHITECTURE]
        if ARCHITECTURE not in built_for:
            return _wrong_architecture(built_for)

        try:
            ServiceRole(
                config["Role"], "lambda.amazonaws.com", _unqualified_arn(config), request_id
            ).assume()
        except RoleNotAssumedError as refusal:
            return _role_not_assumed(str(refusal))

        invocation = Invocation(
            request_id=request_id,
            payload=json.dumps(event, ensure_ascii=False).encode(),
            timeout=config.get("Timeout", 3),
            function_arn=config["FunctionArn"],
            trace_id=lambda_svc._xray_trace_id_for_invocation(config),
        )
        try:
            answer = self._pool.invoke(self._function(config, func["code_zip"]), invocation)
        except PoolBusyError as busy:
            throttled: Result = lambda_svc._throttle_response(
                "ConcurrentInvocationLimitExceeded", str(busy)
            )
            return throttled

        return {"body": _decoded(answer.payload), "error": answer.is_error, "log": answer.log}

    def _function(self, config: dict[str, Any], code: bytes) -> Function:
        # All aliases of a function share its credentials and environments.
        credentials = lambda_svc.execution_credentials(
            config | {"FunctionArn": _unqualified_arn(config)}
        )
        variables = function_variables(
            config, lambda_svc._runtime_env_vars(config), credentials, self._settings
        )
        layers = [lambda_svc._resolve_layer_zip(layer) for layer in config.get("Layers", [])]

        return Function(
            name=config["FunctionName"],
            handler=config["Handler"],
            code=code,
            layers=tuple(layer for layer in layers if layer),
            variables=tuple(sorted(variables.items())),
        )


def _unqualified_arn(config: Mapping[str, Any]) -> str:
    return ":".join(config["FunctionArn"].split(":")[:7])


def _decoded(payload: bytes) -> Any:
    """Return the JSON value of an answer, or the bytes of an answer that is not JSON."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload
