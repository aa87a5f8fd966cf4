"""Check the review loop: simulated reviewers label, and the next model learns from them."""

import csv
from collections import Counter
from dataclasses import dataclass

import pytest

from examples.demo_loop.run import RUNS, run
from localcloud.server.cloud import running

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Ended:
    """The ended loop: exit status, page, and images of the second dataset by split and reason."""

    status: int
    page: str
    images: Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Run the loop on a local cloud of its own."""
    folder = tmp_path_factory.mktemp("loop")
    with running(folder / "cloud") as cloud:
        status = run(cloud, folder / "cloud", folder)
    [table] = (folder / RUNS).rglob("images.csv")
    with table.open(encoding="utf-8", newline="") as file:
        images = Counter((row["split"], row["reason"]) for row in csv.DictReader(file))
    return Ended(status, (folder / "index.html").read_text(encoding="utf-8"), images)


def test_second_model_is_not_less_accurate(ended: Ended) -> None:
    assert 0 == ended.status


def test_uncertain_photos_train_and_nothing_else(ended: Ended) -> None:
    splits = {split for split, reason in ended.images if reason == "review"}
    assert {"train"} == splits
    assert ended.images["train", "review"] > 50


def test_audits_calibrate_and_test(ended: Ended) -> None:
    splits = {split for split, reason in ended.images if reason == "audit"}
    assert {"calibration", "test"} == splits


def test_page_compares_both_models(ended: Ended) -> None:
    assert "before, " in ended.page
    assert 1 == ended.page.count("<svg ")
