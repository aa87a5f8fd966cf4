"""Refuse invocations of Lambda, and end its processes before they answer."""

import re
from collections.abc import Callable
from typing import Any

from ministack.services import lambda_svc
from starlette.types import Scope

from localcloud.api.request_head import RequestHead
from localcloud.faults.injector import Injector
from localcloud.faults.kinds import INVOCATION
from localcloud.faults.services import Sender
from localcloud.faults.subjects import digest_of
from localcloud.faults.workflow import subject_of_task
from localcloud.lambda_runtime.pool import LambdaPool
from localcloud.ministack.patch import wrap

# How botocore sends the AWS_SDK_UA_APP_ID, which is unique for each execution environment.
_IDENTITY = re.compile(r"\bapp/(\w+)")


class Functions:
    """Know the running invocations: the process and the subject of each."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector
        self._pool: LambdaPool | None = None
        self._subjects: dict[str, str] = {}  # the running invocations, by request id
        self._doomed: set[str] = set()  # request ids of invocations whose answers get lost

    def install(self, pool: LambdaPool) -> None:
        """Check every invocation before it gets an environment of the pool."""
        self._pool = pool
        wrap(lambda_svc, "_execute_function_warm", "func event request_id", self._execute)

    def loses_answer(self, request_id: str) -> bool:
        """Return whether the process of an invocation ends before it answers."""
        return request_id in self._doomed

    def sender(self, scope: Scope) -> Sender | None:
        """Return the function that sent a request, or None for other callers."""
        identity = _IDENTITY.search(RequestHead.of(scope).headers.get("user-agent", ""))
        environment = self._pool.busy(identity[1]) if self._pool and identity else None
        subject = self._subjects.get(environment.request_id or "") if environment else None
        return Sender(subject, environment.kill) if environment and subject else None

    def _execute(
        self, original: Callable[..., dict[str, Any]], func: Any, event: Any, request_id: str
    ) -> Any:
        subject = subject_of_task() or self._injector.subject_of(event) or digest_of(event)
        strike = self._injector.strike(INVOCATION, subject)
        if strike is not None and strike.kind == "lambda-throttled":
            return lambda_svc._throttle_response(
                "ConcurrentInvocationLimitExceeded", "Rate Exceeded: injected."
            )

        self._subjects[request_id] = subject
        if strike is not None:
            self._doomed.add(request_id)

        try:
            return original(func, event, request_id)
        finally:
            del self._subjects[request_id]
            self._doomed.discard(request_id)
