"""Check how `make trust` divides, stores, judges and prints. Its measurements take half an hour."""

import io
from pathlib import Path
from typing import Any

import pytest

from benchmarks.trust import OF_KINDS, OF_VEHICLES, divided, link, measured, missing, reached, write
from benchmarks.trust_tables import calibration_table, guarantee_table, ood_table
from untrusted.console import Console


def ten_classes(**changes: Any) -> dict[str, Any]:
    """Return the figures of one seed for ten classes."""
    guarantee = {"draws": 200, "met": 199, "coverage": 0.761, "coverage_at_default": 0.707}
    intervals = {"coverage_interval": [0.71, 0.812], "coverage_at_default_interval": [0.69, 0.72]}
    return {
        **{"seed": 0, "n": 10_000, "accuracy": 0.877, "accuracy_interval": [0.871, 0.884]},
        "error": {"before": 0.0326, "after": 0.0124} | changes.pop("error", {}),
        "error_intervals": {"before": [0.028, 0.037], "after": [0.008, 0.0171]},
        "guarantee": guarantee | intervals | changes,
    }


def ood_images(accepted: int = 11, has_guarantee: bool = True) -> dict[str, Any]:
    """Return the figures of one seed for OOD images."""
    at = {"coverage": 0.624, "accuracy": 0.997, "accuracy_interval": [0.992, 0.9991], "n": 1_259}
    ood = {"n": 2_000, "at_threshold": {"accepted": accepted, "share": accepted / 2_000}}
    one = {"has_guarantee": has_guarantee, "at_threshold": at, "real_images": 2_000, "ood": ood}
    return {
        "seed": 0,
        "known": ["bird", "cat"],
        "unseen": ["deer", "dog"],
        "before": one,
        "after": one,
    }


def result(ten: dict[str, Any], ood: dict[str, Any], drift: bool = True) -> dict[str, Any]:
    """Return the figures of two seeds; the first seed reaches every bound."""
    seeds = {"ten_classes": [ten_classes(), ten], "ood_images": [ood_images(), ood]}
    return seeds | {"drift": {"reached": drift}}


@pytest.mark.parametrize("seed", range(20))
def test_negative_examples_and_ood_images_are_of_different_kinds(seed: int) -> None:
    known, unseen = divided(OF_KINDS, seed)
    assert 4 == len(known)
    assert 4 == len(unseen)
    assert set(OF_KINDS) == {*known, *unseen}
    assert not {*known, *unseen} & {*OF_VEHICLES}


def test_seeds_divide_the_kinds_differently_and_always_alike() -> None:
    assert divided(OF_KINDS, 1) == divided(OF_KINDS, 1) != divided(OF_KINDS, 2)


def test_linked_folder_holds_only_the_named_kinds(tmp_path: Path) -> None:
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
        ([True] * 4, result(ten_classes(), ood_images())),
        ([False, True, True, True], result(ten_classes(error={"after": 0.0151}), ood_images())),
        ([True, False, True, True], result(ten_classes(met=189), ood_images())),
        ([True, True, False, True], result(ten_classes(), ood_images(accepted=101))),
        ([True, True, False, True], result(ten_classes(), ood_images(has_guarantee=False))),
        ([True, True, True, False], result(ten_classes(), ood_images(), drift=False)),
    ],
)
def test_bound_is_missed_if_one_seed_misses_it(
    expected: list[bool], changed: dict[str, Any]
) -> None:
    assert expected == list(reached(changed).values())


def test_only_measured_figures_are_read_again(tmp_path: Path) -> None:
    file = tmp_path / "trust.json"
    seeds = {"ten_classes": [ten_classes()], "ood_images": [ood_images()]}
    nothing: dict[str, Any] = {"ten_classes": [], "ood_images": []}
    assert nothing == measured(None, 1)
    assert nothing == measured(file, 1)
    write(file, seeds | {"drift": {}, "reached": {}})
    assert seeds == measured(file, 1)
    assert nothing == measured(file, 0)
    assert [file] == list(tmp_path.iterdir())


def test_resumed_run_measures_only_missing_figures() -> None:
    result = {"ten_classes": [ten_classes()], "ood_images": []}
    assert [("ood_images", 0), ("ten_classes", 1), ("ood_images", 1)] == missing(result, 2)


def test_every_figure_is_printed_with_its_interval_and_its_n() -> None:
    printed = io.StringIO()
    console = Console(file=printed, width=160)
    for table in (
        calibration_table([ten_classes()]),
        guarantee_table([ten_classes()]),
        ood_table([ood_images(has_guarantee=False)]),
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
        *("bird, cat", "at 0.8, without"),
    ):
        assert expected in printed.getvalue()
