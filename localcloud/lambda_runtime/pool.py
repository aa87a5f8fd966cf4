"""Share a limited number of execution environments between invocations."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from time import monotonic

from localcloud.lambda_runtime.code_store import CodeStore
from localcloud.lambda_runtime.environment import ExecutionEnvironment
from localcloud.lambda_runtime.invocation import (
    MAX_REQUEST_BYTES,
    Function,
    Invocation,
    InvocationResult,
    request_too_large,
)
from localcloud.lambda_runtime.settings import PoolSettings


class PoolBusyError(RuntimeError):
    """No execution environment became free in time: the invocation is throttled."""


@dataclass(eq=False)
class _Waiting:
    seat: Future[ExecutionEnvironment] = field(default_factory=Future)
    arrived: float = field(default_factory=monotonic)


class LambdaPool:
    """At most ``settings.max_environments`` execution environments for all functions and callers.

    An invocation takes an idle environment of its function, or a new one. For a new one, the idle
    environment of another function that was unused longest makes room. The invocation waits if all
    environments are busy, or if its function has a busy one: a cold start takes longer than most
    invocations. It waits at most ``settings.wait_seconds``, so functions that invoke functions
    cannot block each other forever.
    """

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._store = CodeStore(settings.work_folder)
        self._lock = threading.Condition()
        self._idle: list[ExecutionEnvironment] = []  # least recently used first
        self._busy: list[ExecutionEnvironment] = []
        self._waiting: dict[Function, deque[_Waiting]] = {}  # oldest first
        self._closed = threading.Event()
        threading.Thread(target=self._end_unused, name="lambda-pool", daemon=True).start()

    def invoke(self, function: Function, invocation: Invocation) -> InvocationResult:
        """Run ``function`` on one event; several threads may call this at once.

        Raises:
            PoolBusyError: every environment stayed busy for ``settings.wait_seconds``, or the pool
                is closed.
        """
        if len(invocation.payload) > MAX_REQUEST_BYTES:
            return request_too_large(len(invocation.payload))

        environment = self._acquire(function)
        try:
            return environment.invoke(invocation)
        finally:
            self._release(environment)

    def busy(self, identity: str) -> ExecutionEnvironment | None:
        """Return the environment of this identity while it serves an invocation, or None."""
        with self._lock:
            return next((it for it in self._busy if it.identity == identity), None)

    def close(self) -> None:
        """End every environment; running invocations fail, waiting ones are throttled."""
        self._closed.set()
        with self._lock:
            for waiting in chain.from_iterable(self._waiting.values()):
                waiting.seat.set_exception(PoolBusyError("The local cloud is stopping."))
            self._waiting.clear()
            self._end_idle(lambda _: True)
            for environment in self._busy:
                environment.kill()
            self._lock.wait_for(lambda: not self._busy)

    def _acquire(self, function: Function) -> ExecutionEnvironment:
        waiting = _Waiting()
        with self._lock:
            if self._closed.is_set():
                raise PoolBusyError("The local cloud is stopping.")
            self._waiting.setdefault(function, deque()).append(waiting)
            self._seat_waiting()

        try:
            return waiting.seat.result(self._settings.wait_seconds)
        except TimeoutError:
            with self._lock:
                if waiting.seat.done():
                    return waiting.seat.result()
                self._leave(function, waiting)

        raise PoolBusyError(
            f"All {self._settings.max_environments} execution environments stayed busy for "
            f"{self._settings.wait_seconds:g} seconds."
        )

    def _release(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._busy.remove(environment)
            self._idle.append(environment)
            if self._closed.is_set():
                self._end_idle(lambda _: True)
            self._seat_waiting()
            self._lock.notify_all()

    def _seat_waiting(self) -> None:
        """Give free environments to waiting invocations."""
        self._end_idle(lambda environment: not environment.is_alive())
        while found := self._next_seat():
            function, environment = found
            self._busy.append(environment)
            waiting = self._waiting[function][0]
            self._leave(function, waiting)
            waiting.seat.set_result(environment)

    def _leave(self, function: Function, waiting: _Waiting) -> None:
        self._waiting[function].remove(waiting)
        if not self._waiting[function]:
            del self._waiting[function]

    def _next_seat(self) -> tuple[Function, ExecutionEnvironment] | None:
        """Choose the next function: one without an environment, else one with an idle environment.

        Strict order of arrival would turn most invocations of a burst over several functions into
        cold starts. Always serving the last function would starve the others.
        """
        idle = {environment.function for environment in self._idle}
        present = idle | {environment.function for environment in self._busy}
        for function in sorted(
            self._waiting,
            key=lambda it: (it in present, it not in idle, self._waiting[it][0].arrived),
        ):
            if environment := self._find_environment(function, patient=function in present):
                return function, environment

        return None

    def _find_environment(self, function: Function, patient: bool) -> ExecutionEnvironment | None:
        """Take an idle environment or start one; a patient function waits rather than replaces a
        recent one.
        """
        for environment in reversed(self._idle):
            if environment.function == function:
                self._idle.remove(environment)
                return environment

        if len(self._idle) + len(self._busy) >= self._settings.max_environments:
            least_recently_used = next(iter(self._idle), None)
            if least_recently_used is None or (
                patient
                and monotonic() - least_recently_used.last_used < self._settings.linger_seconds
            ):
                return None
            self._idle.remove(least_recently_used)
            least_recently_used.end()

        return ExecutionEnvironment(function, self._store, self._settings)

    def _end_idle(self, condition: Callable[[ExecutionEnvironment], bool]) -> None:
        for environment in [idle for idle in self._idle if condition(idle)]:
            self._idle.remove(environment)
            environment.end()

    def _end_unused(self) -> None:
        """End environments that were idle for too long, until the pool is closed."""
        while not self._closed.wait(self._settings.idle_seconds / 4):
            with self._lock:
                self._end_idle(
                    lambda idle: monotonic() - idle.last_used > self._settings.idle_seconds
                )
