"""Define the input and output of an execution environment, with Lambda's messages."""

import json
import signal
from dataclasses import dataclass, field

# Lambda's quotas for a synchronous invocation, in bytes; the response has 100 bytes more than 6
# MiB.
MAX_REQUEST_BYTES = 6_291_456
MAX_RESPONSE_BYTES = 6_291_556


@dataclass(frozen=True)
class Function:
    """The properties of an execution environment; it can serve invocations of an equal function.

    Args:
        name: name of the function.
        handler: dotted path of the handler.
        code: the deployment package, a zip archive. Bytes keep their hash, so comparing functions
            is cheap.
        layers: zip archives in the order in which they are unpacked into /opt.
        variables: environment variables that are the same in each environment of the function.
    """

    name: str
    handler: str
    code: bytes = field(repr=False)
    layers: tuple[bytes, ...] = field(default=(), repr=False)
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Invocation:
    """One event for a function; ``timeout`` is in seconds, ``trace_id`` is an X-Ray header."""

    request_id: str
    payload: bytes
    timeout: float
    function_arn: str
    trace_id: str | None = None


@dataclass(frozen=True)
class InvocationResult:
    """An answer of the function or of Lambda: JSON ``payload``, and the lines written meanwhile."""

    payload: bytes
    is_error: bool
    log: str = ""


def request_too_large(size: int) -> InvocationResult:
    """Refuse an event of ``size`` bytes."""
    text = (
        f"{size} byte payload is too large for the RequestResponse invocation type (limit "
        f"{MAX_REQUEST_BYTES} bytes)"
    )
    return _failure("RequestEntityTooLargeException", text)


def response_too_large(size: int, log: str) -> InvocationResult:
    """Refuse a response of ``size`` bytes."""
    text = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({MAX_RESPONSE_BYTES} bytes)."
    )
    return _failure("Function.ResponseSizeTooLarge", text, log)


def timed_out(request_id: str, seconds: float, log: str) -> InvocationResult:
    """Report a function that did not answer within ``seconds``."""
    return _failure(
        "Sandbox.Timedout",
        f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds",
        log,
    )


def exited(request_id: str, status: int, log: str) -> InvocationResult:
    """Report a process that ended by itself; ``status`` is that of ``subprocess`` (-N: by signal
    N).
    """
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        reason = (
            "Runtime exited with error: signal: "
            f"{(signal.strsignal(-status) or str(-status)).lower()}"
        )
    return _failure("Runtime.ExitError", f"RequestId: {request_id} Error: {reason}", log)


def _failure(error_type: str, message: str, log: str = "") -> InvocationResult:
    """Return an answer of Lambda itself, which is also in the function's log."""
    payload = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return InvocationResult(payload, is_error=True, log=f"{log}{message}\n{error_type}\n")
