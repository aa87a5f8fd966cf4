"""Check the judgement of the endpoint's figures."""

import pytest

from benchmarks.endpoint_figures import Figures, judged


def figures(**changes: float) -> Figures:
    """Return figures that just reach every bound, with changes."""
    values = {"endpoint": 93.0, "LitServe": 92.0, "slowest": 0.024, "megabytes": 49.0} | changes
    return Figures(
        throughput={
            "bare": [100.0] * 3,
            "endpoint": [values["endpoint"]] * 3,
            "LitServe": [values["LitServe"]] * 3,
        },
        latencies={"bare": [0.018, 0.017, 0.017], "endpoint": [0.018, values["slowest"]]},
        megabytes={"endpoint": [values["megabytes"]], "LitServe": [100.0]},
    )


def test_figures_that_reach_all_bounds_pass() -> None:
    assert [True] * 4 == [one.holds(figures()) for one in judged(figures())]


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ([False, True, True, True], {"endpoint": 91.0, "LitServe": 90.0}),
        ([True, False, True, True], {"slowest": 0.027}),
        ([True, True, False, True], {"LitServe": 94.0}),
        ([True, True, True, False], {"megabytes": 51.0}),
    ],
)
def test_figure_beyond_its_bound_is_missed(expected: list[bool], changes: dict[str, float]) -> None:
    found = figures(**changes)
    assert expected == [one.holds(found) for one in judged(found)]


def test_figures_without_litserve_are_judged_for_the_rest() -> None:
    found = figures()
    del found.throughput["LitServe"]
    assert 2 == len(judged(found))


def test_added_figures_follow_each_other() -> None:
    both = figures()
    both.add(figures(endpoint=80.0))
    assert [93.0] * 3 + [80.0] * 3 == both.throughput["endpoint"]
