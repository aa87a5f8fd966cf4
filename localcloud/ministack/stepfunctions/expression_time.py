"""An evaluation of JSONata may take some seconds of work; MiniStack also counts while its thread waits for its turn."""

from collections.abc import Callable
from time import thread_time

from jsonata.jexception import JException
from jsonata.timebox import Timebox

from localcloud.ministack.patch import wrap

_TIMED_OUT = "D1012"
_PATIENCE = 5  # times the limit: a pause of the machine and a collection of garbage count as work of the thread


def install() -> None:
    """Hold the time of the evaluating thread against the limit; in a burst a thread waits for more than a second."""
    wrap(Timebox, "__init__", "self expr timeout max_depth", _begin)
    wrap(Timebox, "check_runaway", "self", _check)


def _begin(original: Callable[..., None], box: Timebox, *arguments: object, **named: object) -> None:
    box.began = thread_time()
    original(box, *arguments, **named)


def _check(original: Callable[..., None], box: Timebox) -> None:
    try:
        original(box)
    except JException as exc:
        worked = round(1000 * (thread_time() - box.began))
        if exc.error != _TIMED_OUT or worked > _PATIENCE * box.timeout:
            raise
        box.time = Timebox.current_milli_time() - worked
