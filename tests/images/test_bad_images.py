"""No image harms the function: each one has a named result within the memory limit."""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.images import fuzz
from tests.images.excess import HEIC_PHOTO, PHOTO
from tests.images.measured import (
    ACCEPTED,
    COMMAND,
    COMPARE,
    MEMORY,
    OTHER_PIXELS,
    OUTCOMES,
    SETS,
    Measured,
    MeasuringError,
    measured,
)
from tests.images.mutations import mutation, mutations

MEGABYTES = 256  # resident, with Python and Pillow, for any hostile image
COMPARED = {"pillow", "threats"}  # without our limits, Pillow would take minutes for the others
# Reads images as `measured` sends them, and crashes at a marked one.
FRAIL = """
import os, struct, sys
while header := sys.stdin.buffer.read(4):
    if (data := sys.stdin.buffer.read(*struct.unpack(">I", header))) == b"fatal":
        os.kill(os.getpid(), 11)
    if data == b"wrong":
        sys.exit(3)
    print('{"outcome": "accepted"}', flush=True)
"""


@pytest.fixture(scope="module")
def results() -> Callable[[str], list[Measured]]:
    """Return the results of a set of images; each set is prepared once."""
    return cache(
        lambda name: list(measured(SETS[name](), COMPARE if name in COMPARED else COMMAND))
    )


@pytest.mark.parametrize("name", SETS)
def test_image_of_any_kind_is_accepted_or_ends_in_a_named_error(
    name: str, results: Callable[[str], list[Measured]]
) -> None:
    assert [] == [one for one in results(name) if one.outcome not in OUTCOMES]


@pytest.mark.parametrize("name", ["pillow", "threats", "excess"])
def test_bad_image_takes_little_memory(name: str, results: Callable[[str], list[Measured]]) -> None:
    assert [] == [one for one in results(name) if one.megabytes > MEGABYTES]


def test_suite_has_more_than_a_thousand_threats(results: Callable[[str], list[Measured]]) -> None:
    assert len(results("threats")) + len(results("excess")) >= 1_000


def test_largest_images_leave_a_quarter_of_the_memory_free(
    results: Callable[[str], list[Measured]],
) -> None:
    refused = [
        one
        for one in results("largest")
        if one.outcome != ACCEPTED or one.megabytes > MEMORY * 3 / 4
    ]
    assert [] == refused


def test_photos_of_12_megapixels_take_little_memory(
    results: Callable[[str], list[Measured]],
) -> None:
    photos = [one for one in results("largest") if one.name in (PHOTO, HEIC_PHOTO)]
    assert [ACCEPTED] * 2 == [one.outcome for one in photos]
    assert max(one.megabytes for one in photos) <= MEGABYTES


def test_pillow_images_hold_files_of_every_allowed_format(
    results: Callable[[str], list[Measured]],
) -> None:
    accepted = {Path(one.name).suffix for one in results("pillow") if one.outcome == ACCEPTED}
    assert {".jpg", ".png", ".webp", ".gif", ".bmp", ".avif"} <= accepted


def test_image_that_ends_its_process_is_reported_and_the_next_are_prepared() -> None:
    images = [("one", b"sound"), ("two", b"fatal"), ("three", b"sound")]
    outcomes = [(one.name, one.outcome) for one in measured(images, (sys.executable, "-c", FRAIL))]
    assert [("one", ACCEPTED), ("two", "SIGSEGV"), ("three", ACCEPTED)] == outcomes


def test_process_that_exits_by_itself_is_an_error() -> None:
    with pytest.raises(MeasuringError, match="ended with 3"):
        list(measured([("one", b"wrong")], (sys.executable, "-c", FRAIL)))


# ---------------------------------------------------------------- the fuzzer


def test_mutation_of_a_seed_and_number_is_always_the_same() -> None:
    assert list(mutations(7, 3, 6)) == [(str(number), mutation(7, number)) for number in (3, 4, 5)]


def test_mutations_of_two_seeds_differ() -> None:
    assert [data for _, data in mutations(1, 0, 9)] != [data for _, data in mutations(2, 0, 9)]


@pytest.mark.parametrize("images", [300, pytest.param(2_000, marks=pytest.mark.long)])
def test_fuzz_finds_no_failure_and_counts_every_image(images: int, tmp_path: Path) -> None:
    verdict = fuzz.fuzz(images, seed=1, folder=tmp_path)
    assert images == verdict.accepted + sum(verdict.errors.values())
    assert [] == verdict.failures


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [("SIGSEGV", (1, 0, 0)), ("KeyError('a')", (0, 1, 0)), (OTHER_PIXELS, (0, 0, 1))],
)
def test_fuzz_keeps_the_image_that_fails(
    outcome: str, counts: tuple[int, int, int], tmp_path: Path
) -> None:
    verdict = fuzz.Verdict(seed=5)
    verdict.add(Measured("8", outcome), tmp_path)
    assert counts == (verdict.signals, verdict.unnamed, verdict.other_pixels)
    assert [{"outcome": outcome, "file": str(tmp_path / "5-8")}] == verdict.failures
    assert mutation(5, 8) == (tmp_path / "5-8").read_bytes()
