"""Check the uploads of a soak."""

from collections import Counter
from pathlib import Path

from examples.demo.uploads import Sample
from localcloud.faults.kinds import KINDS
from localcloud.faults.plan import Plan
from tests.soak.plan import OUTAGES, RATES, outages, planned

SAMPLES = [
    Sample(Path("test/truck/a.png"), "a.png", "truck"),
    Sample(Path("large/truck/b.jpg"), "b.jpg", "truck"),
    Sample(Path("broken/letter.jpg"), "letter.jpg", None),
]


def test_same_seed_plans_the_same_uploads() -> None:
    assert list(planned(1, 200, SAMPLES)) == list(planned(1, 200, SAMPLES))


def test_another_seed_plans_others() -> None:
    assert [p.sample for p in planned(1, 200, SAMPLES)] != [
        p.sample for p in planned(2, 200, SAMPLES)
    ]


def test_a_third_of_the_uploads_overwrites_another() -> None:
    names = [upload.name for upload in planned(1, 3000, SAMPLES)]
    assert 0.30 < 1 - len(set(names)) / len(names) < 0.37


def test_uploads_are_mostly_small_images_with_some_photos_and_broken_files() -> None:
    counts = Counter(upload.sample.name for upload in planned(1, 3000, SAMPLES))
    assert counts["a.png"] > counts["letter.jpg"] > counts["b.jpg"] > 0


def test_a_tenth_of_the_uploads_is_hostile_where_there_are_such_images() -> None:
    samples = [*SAMPLES, *(Sample(Path(f"hostile/{n}"), f"hostile-{n}", None) for n in "ab")]
    counts = Counter(upload.sample.name for upload in planned(1, 3000, samples))
    assert 0.08 < (counts["hostile-a"] + counts["hostile-b"]) / 3000 < 0.12


def test_every_outage_strikes_some_of_ten_thousand_uploads() -> None:
    names = [upload.name for upload in planned(1, 10_000, SAMPLES)]
    assert [] == [tail for tail in OUTAGES if not any(tail in name for name in names)]


def test_rates_name_every_kind_of_fault() -> None:
    assert set(KINDS) == set(RATES)


def test_faults_are_a_plan_that_a_local_cloud_accepts() -> None:
    plan = Plan(1, RATES, tuple(outages()))
    assert plan == Plan.parse(plan.document())
