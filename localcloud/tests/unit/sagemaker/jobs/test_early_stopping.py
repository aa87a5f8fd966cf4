"""Stop training jobs of a tuning job early."""

import pytest

from localcloud.sagemaker.jobs.early_stopping import falls_behind

EARLIER = [
    [0.125, 0.375, 0.625],
    [0.375, 0.625, 0.875],
    [0.0, 0.0],
]  # averages after two epochs: 0.25, 0.5 and 0


@pytest.mark.parametrize(("accuracy", "expected"), [(0.24, True), (0.25, False), (0.26, False)])
def test_job_below_the_median_of_running_averages_falls_behind(
    accuracy: float, expected: bool
) -> None:
    assert expected is falls_behind([0.9, accuracy], EARLIER, maximize=True)


def test_job_that_minimizes_falls_behind_above_the_median() -> None:
    assert falls_behind([0.1, 0.26], EARLIER, maximize=False)


def test_earlier_jobs_of_fewer_epochs_do_not_count() -> None:
    # Averages after three epochs: 0.375 and 0.625, with a median of 0.5. A 0 among them would
    # make the median 0.375.
    assert falls_behind([0.9, 0.9, 0.45], EARLIER, maximize=True)


@pytest.mark.parametrize(("values", "earlier"), [([0.0], []), ([], EARLIER), ([0.0, 0.0], [[0.5]])])
def test_job_without_earlier_jobs_is_not_stopped(
    values: list[float], earlier: list[list[float]]
) -> None:
    assert not falls_behind(values, earlier, maximize=True)
