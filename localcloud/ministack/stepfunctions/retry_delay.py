"""``MaxDelaySeconds`` and ``JitterStrategy`` of a Retry, which MiniStack ignores."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

type Retrier = Mapping[str, Any]


def install() -> None:
    """Have MiniStack wait as long as Step Functions would (times its own SFN_WAIT_SCALE, at most 60 seconds)."""
    wrap(stepfunctions, "_find_matching_retrier", "retriers error retry_counts", _with_delay)


def delay_seconds(retrier: Retrier, retries: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """Return how long a state waits before it is tried again, after it was retried ``retries`` times.

    Source: Step Functions, "Handling errors", Retrying after an error: IntervalSeconds (1) times BackoffRate (2) to the
    power of the retries, at most MaxDelaySeconds; JitterStrategy FULL draws between 0 and that.
    """
    delay: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    return uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay


def _with_delay(
    original: Callable[..., tuple[Retrier | None, int]],
    retriers: Sequence[Retrier],
    error: str,
    retry_counts: Mapping[int, int],
) -> tuple[Retrier | None, int]:
    retrier, index = original(retriers, error, retry_counts)
    if retrier is None:
        return retrier, index
    # The caller waits IntervalSeconds * BackoffRate ** retries: a rate of 1 leaves it the delay that is computed here.
    delay = delay_seconds(retrier, retry_counts.get(index, 0))
    return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1}, index
