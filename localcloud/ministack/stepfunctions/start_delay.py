"""MiniStack waits 150 ms before the first state of every execution; AWS does not, and neither does the local cloud."""

from ministack.services import stepfunctions

from localcloud.ministack.patch import PatchMismatchError

START_DELAY_SECONDS = 0.15


def install() -> None:
    """Take the wait, a constant in the code of one function, out of that code."""
    run = stepfunctions._run_execution
    constants = run.__code__.co_consts
    if constants.count(START_DELAY_SECONDS) != 1:
        raise PatchMismatchError(stepfunctions, run.__name__, "no longer waits before an execution")
    run.__code__ = run.__code__.replace(
        co_consts=tuple(0 if constant == START_DELAY_SECONDS else constant for constant in constants)
    )
