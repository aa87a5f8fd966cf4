"""What `make trust` divides, keeps, judges and prints; what it measures takes half an hour."""

import io
from pathlib import Path
from typing import Any

import pytest

from benchmarks.trust import OF_KINDS, OF_VEHICLES, divided, link, measured, missing, reached, write
from benchmarks.trust_tables import calibration_table, foreign_table, promise_table
from untrusted.console import Console


def ten_classes(**changes: Any) -> dict[str, Any]:
    """A seed's figures of ten classes."""
    promise = {"draws": 200, "kept": 199, "coverage": 0.761, "coverage_at_guess": 0.707}
    intervals = {"coverage_interval": [0.71, 0.812], "coverage_at_guess_interval": [0.69, 0.72]}
    return {
        **{"seed": 0, "n": 10_000, "accuracy": 0.877, "accuracy_interval": [0.871, 0.884]},
        "error": {"before": 0.0326, "after": 0.0124} | changes.pop("error", {}),
        "error_intervals": {"before": [0.028, 0.037], "after": [0.008, 0.0171]},
        "promise": promise | intervals | changes,
    }


def foreign_images(accepted: int = 11, promised: bool = True) -> dict[str, Any]:
    """A seed's figures of foreign images."""
    at = {"coverage": 0.624, "accuracy": 0.997, "accuracy_interval": [0.992, 0.9991], "n": 1_259}
    foreign = {"n": 2_000, "at_threshold": {"accepted": accepted, "share": accepted / 2_000}}
    one = {"promised": promised, "at_threshold": at, "real_images": 2_000, "foreign": foreign}
    return {
        "seed": 0,
        "known": ["bird", "cat"],
        "unseen": ["deer", "dog"],
        "before": one,
        "after": one,
    }


def result(ten: dict[str, Any], foreign: dict[str, Any], drift: bool = True) -> dict[str, Any]:
    """Figures of two seeds, the first of which reaches all."""
    seeds = {"ten_classes": [ten_classes(), ten], "foreign_images": [foreign_images(), foreign]}
    return seeds | {"drift": {"reached": drift}}


@pytest.mark.parametrize("seed", range(20))
def test_no_kind_gives_counter_examples_and_foreign_images(seed: int) -> None:
    known, unseen = divided(OF_KINDS, seed)
    assert 4 == len(known)
    assert 4 == len(unseen)
    assert set(OF_KINDS) == {*known, *unseen}
    assert not {*known, *unseen} & {*OF_VEHICLES}


def test_seeds_divide_the_kinds_differently_and_always_alike() -> None:
    assert divided(OF_KINDS, 1) == divided(OF_KINDS, 1) != divided(OF_KINDS, 2)


def test_linked_folder_holds_those_kinds_alone(tmp_path: Path) -> None:
    for kind in ("bird", "cat", "dog"):
        (tmp_path / "images" / kind).mkdir(parents=True)
        (tmp_path / "images" / kind / "1.png").touch()
    link(tmp_path / "other", tmp_path / "images", ["bird", "dog"])
    assert ["bird/1.png", "dog/1.png"] == sorted(
        str(image.relative_to(tmp_path / "other")) for image in (tmp_path / "other").glob("*/*.png")
    )


@pytest.mark.parametrize(
    ("expected", "changed"),
    [
        ([True] * 4, result(ten_classes(), foreign_images())),
        ([False, True, True, True], result(ten_classes(error={"after": 0.0151}), foreign_images())),
        ([True, False, True, True], result(ten_classes(kept=189), foreign_images())),
        ([True, True, False, True], result(ten_classes(), foreign_images(accepted=101))),
        ([True, True, False, True], result(ten_classes(), foreign_images(promised=False))),
        ([True, True, True, False], result(ten_classes(), foreign_images(), drift=False)),
    ],
)
def test_one_seed_that_misses_a_figure_is_enough(
    expected: list[bool], changed: dict[str, Any]
) -> None:
    assert expected == list(reached(changed).values())


def test_what_was_measured_is_read_again_and_nothing_else(tmp_path: Path) -> None:
    file, seeds = (
        tmp_path / "trust.json",
        {"ten_classes": [ten_classes()], "foreign_images": [foreign_images()]},
    )
    nothing: dict[str, Any] = {"ten_classes": [], "foreign_images": []}
    assert nothing == measured(None, 1)
    assert nothing == measured(file, 1)
    write(file, seeds | {"drift": {}, "reached": {}})
    assert seeds == measured(file, 1)
    assert nothing == measured(file, 0)
    assert [file] == list(tmp_path.iterdir())


def test_resumed_it_measures_what_is_missing() -> None:
    result = {"ten_classes": [ten_classes()], "foreign_images": []}
    assert [("foreign_images", 0), ("ten_classes", 1), ("foreign_images", 1)] == missing(result, 2)


def test_every_figure_is_printed_with_its_interval_and_its_n() -> None:
    printed = io.StringIO()
    console = Console(file=printed, width=160)
    for table in (
        calibration_table([ten_classes()]),
        promise_table([ten_classes()]),
        foreign_table([foreign_images(promised=False)]),
    ):
        console.print(table)
    for expected in (
        *(
            "87.7%",
            "87.1% to 88.4%",
            "0.0326",
            "0.0280 to 0.0370",
            "0.0124",
            "0.0080 to 0.0171",
            "10,000",
        ),
        *("99.5%", "97.2% to 99.9%", "200", "76.1%", "71.0% to 81.2%", "70.7%", "69.0% to 72.0%"),
        *(
            "0.55%",
            "0.31% to 0.98%",
            "62.4%",
            "60.3% to 64.5%",
            "of 2,000",
            "99.7%",
            "99.2% to 99.9%",
            "of 1,259",
        ),
        *("bird, cat", "at 0.8: nothing"),
    ):
        assert expected in printed.getvalue()
