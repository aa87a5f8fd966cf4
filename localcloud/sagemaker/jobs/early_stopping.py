"""Decide when a tuning job stops a training job early.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html.
"""

from collections.abc import Iterable, Sequence
from statistics import mean, median


def falls_behind(
    values: Sequence[float], earlier: Iterable[Sequence[float]], *, maximize: bool
) -> bool:
    """Return whether the objective metric is worse than the median of earlier training jobs.

    Args:
        values: the objective metric after each epoch of the training job so far.
        earlier: the values of completed training jobs. The running average up to the same epoch
            counts, and a job with fewer epochs does not count.
        maximize: whether larger is better.
    """
    epochs = len(values)
    averages = [mean(others[:epochs]) for others in earlier if len(others) >= epochs > 0]
    if not averages:
        return False
    middle = median(averages)
    return values[-1] < middle if maximize else values[-1] > middle
