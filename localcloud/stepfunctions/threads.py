"""Reuse threads, and do not keep the process from ending."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

# The seconds that an idle thread waits for work before it ends.
_IDLE_SECONDS = 10.0


class Threads:
    """Run each function at once, on an idle or a new thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Run `work` in another thread; the future has its result."""
        future: Future[Any] = Future()
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None:
            worker = _Worker(self._name, self._offer, self._withdraw)
        worker.give(work, future)
        return future

    def _offer(self, worker: "_Worker") -> None:
        with self._lock:
            self._idle.append(worker)

    def _withdraw(self, worker: "_Worker") -> bool:
        """Take a worker from the idle workers; return whether it was idle."""
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)
                return True
            return False


class _Worker:
    def __init__(
        self,
        name: str,
        offer: Callable[["_Worker"], None],
        withdraw: Callable[["_Worker"], bool],
    ) -> None:
        self._offer = offer
        self._withdraw = withdraw
        self._work: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def give(self, work: Callable[[], Any], future: Future[Any]) -> None:
        self._work.put((work, future))

    def _run(self) -> None:
        while True:
            try:
                work, future = self._work.get(timeout=_IDLE_SECONDS)
            except Empty:
                if self._withdraw(self):
                    return
                continue  # the worker has just received work

            try:
                result = work()
            except BaseException as exc:  # noqa: BLE001  # the future's owner handles it
                self._offer(self)
                future.set_exception(exc)
            else:
                self._offer(self)
                future.set_result(result)
            del work, future
