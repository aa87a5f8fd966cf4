"""An evaluation of JSONata may take a second of work; MiniStack also counts while its thread waits for its turn."""

from collections.abc import Callable
from time import thread_time

from jsonata.timebox import Timebox

from local.ministack.seam import wrap


def install() -> None:
    """Hold the time of the evaluating thread against the limit; in a burst a thread waits for more than a second."""
    wrap(Timebox, "__init__", "self expr timeout max_depth", _begin)
    wrap(Timebox, "check_runaway", "self", _check)


def _begin(original: Callable[..., None], box: Timebox, *arguments: object, **named: object) -> None:
    box.began = thread_time()
    original(box, *arguments, **named)


def _check(original: Callable[..., None], box: Timebox) -> None:
    now = Timebox.current_milli_time()
    if box.timeout is not None and now - box.time > box.timeout:  # asked at every step, and seldom more than the clock
        box.time = now - round(1000 * (thread_time() - box.began))
    original(box)
