"""Inject faults into workflows and events, in MiniStack in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from localcloud.faults.held import HeldDeliveries
from localcloud.faults.injector import Injector
from localcloud.faults.plan import Plan, Target
from localcloud.faults.workflow import FaultyWorkflow
from localcloud.ministack.faults.events import FaultyEvents


@dataclass(frozen=True)
class Injected:
    """The injector and the held events."""

    injector: Injector
    held: HeldDeliveries

    @property
    def workflow(self) -> FaultyWorkflow:
        """Return the interceptor of the calls of tasks."""
        return FaultyWorkflow(self.injector)

    def strike(self, kind: str, first: int = 1) -> None:
        """Strike every subject once, at this number of its pass."""
        self.injector.follow(Plan(targets=(Target(kind, "", first),), subject_members=("picture",)))


@contextmanager
def injected() -> Iterator[Injected]:
    """Give the faults to a test, and heal them at its end."""
    faults = _install()
    yield faults
    faults.injector.heal()
    faults.held.release()


@cache  # a second call would wrap the wrappers
def _install() -> Injected:
    faults = Injected(Injector(), HeldDeliveries())
    FaultyEvents(faults.injector, faults.held).install()
    return faults
