"""Run an execution environment: one process that serves one invocation of a function at a time."""

import os
import signal
import threading
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from time import monotonic, time

from localcloud.lambda_runtime.code_store import CodeStore
from localcloud.lambda_runtime.invocation import (
    MAX_RESPONSE_BYTES,
    Function,
    Invocation,
    InvocationResult,
    exited,
    response_too_large,
    timed_out,
)
from localcloud.lambda_runtime.process import EXIT_SECONDS, ProcessExitedError, RuntimeProcess
from localcloud.lambda_runtime.runtime_api import Call, RuntimeApi
from localcloud.lambda_runtime.settings import PoolSettings


class DeadlineExceededError(Exception):
    """The runtime did not call within ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class ExecutionEnvironment:
    """One process of ``function``; the first invocation starts it, and it runs until it is ended.

    One thread at a time may invoke it. Another thread may call only ``kill`` in the meantime.
    """

    def __init__(self, function: Function, store: CodeStore, settings: PoolSettings) -> None:
        self.function = function
        self.last_used = monotonic()
        # ^botocore puts it into the User-Agent of every request of the function.
        self.identity = uuid.uuid4().hex
        self.request_id: str | None = None  # of the invocation under way
        self._store = store
        self._settings = settings
        self._api = RuntimeApi()
        self._process: RuntimeProcess | None = None
        self._status: int | None = None
        self._lock = threading.Lock()

    def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run the function on one event; if Lambda itself answers, the environment has ended."""
        self.request_id = invocation.request_id
        try:
            return self._converse(invocation, self._process or self._start())
        except DeadlineExceededError as exceeded:
            self.end()
            return timed_out(invocation.request_id, exceeded.seconds, self._take_log())
        except (ProcessExitedError, ConnectionError):
            status = self.end(EXIT_SECONDS)
            return exited(invocation.request_id, status, self._take_log())
        finally:
            self.request_id = None
            self.last_used = monotonic()

    def is_alive(self) -> bool:
        """Return whether it can serve another invocation."""
        return self._status is None and not (
            self._process is not None and self._process.has_exited()
        )

    def kill(self) -> None:
        """End its process from another thread: a running invocation fails as after a crash."""
        with self._lock:
            if self._process is None:
                self._finish(-signal.SIGKILL)
            elif self._status is None:
                self._process.kill()

    def end(self, patience: float = 0) -> int:
        """End the process within ``patience`` seconds; return its status."""
        with self._lock:
            if self._status is None:
                self._finish(
                    -signal.SIGKILL if self._process is None else self._process.end(patience)
                )
            assert self._status is not None
            return self._status

    def _finish(self, status: int) -> None:
        self._status = status
        self._api.close()

    def _converse(self, invocation: Invocation, process: RuntimeProcess) -> InvocationResult:
        """Act as Lambda: give the event to the runtime's next call, and take the answer of the call
        after.
        """
        call = self._next_call(process, self._settings.init_seconds)
        if not call.is_init_error:
            self._api.reply(HTTPStatus.OK, invocation.payload, _invocation_headers(invocation))
            call = self._next_call(process, invocation.timeout)
            if self._settings.loses_answer(invocation.request_id):
                process.kill()
                raise ProcessExitedError
        if len(call.body) > MAX_RESPONSE_BYTES:
            self.end()
            return response_too_large(len(call.body), self._take_log())

        self._api.reply(HTTPStatus.ACCEPTED)
        if call.is_init_error:
            self.end(EXIT_SECONDS)
        return InvocationResult(call.body, call.is_error, self._take_log())

    def _next_call(self, process: RuntimeProcess, seconds: float) -> Call:
        deadline = monotonic() + seconds
        while process.wait_for(self._api.sources, deadline):
            try:
                if call := self._api.read(deadline):
                    return call
            except TimeoutError:
                break

        raise DeadlineExceededError(seconds)

    def _start(self) -> RuntimeProcess:
        code = self._store.folder([self.function.code])
        layers = self._store.folder(self.function.layers)
        arguments = [str(code), str(layers), self.function.handler]
        with self._lock:
            if self._status is not None:
                raise ProcessExitedError
            self._process = RuntimeProcess(
                self._settings.python, arguments, code, self._variables(code, layers)
            )

        return self._process

    def _variables(self, code: Path, layers: Path) -> dict[str, str]:
        ours = {
            "PATH": f"{os.defpath}{os.pathsep}{layers / 'bin'}",
            "AWS_SDK_UA_APP_ID": self.identity,
        }
        variables = ours | dict(self.function.variables)
        version = variables.get("AWS_LAMBDA_FUNCTION_VERSION")
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid.uuid4().hex}"
        own = {"LAMBDA_TASK_ROOT": str(code), "AWS_LAMBDA_RUNTIME_API": self._api.address}

        return (
            variables
            | own
            | {"AWS_LAMBDA_LOG_STREAM_NAME": stream, "_HANDLER": self.function.handler}
        )

    def _take_log(self) -> str:
        return self._process.take_output() if self._process is not None else ""


def _invocation_headers(invocation: Invocation) -> dict[str, str]:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(int((time() + invocation.timeout) * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
    }
    return headers | (
        {"Lambda-Runtime-Trace-Id": invocation.trace_id} if invocation.trace_id else {}
    )
