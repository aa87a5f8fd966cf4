"""The list accepts vulnerabilities until a date, and refuses invalid entries."""

from datetime import date
from pathlib import Path

import pytest

from tests.security.supply_chain.accepted import (
    Accepted,
    InvalidEntryError,
    not_accepted,
    problems,
    read,
)

ECDSA = ("ecdsa", "0.19.2")
ENTRY = Accepted(
    "ecdsa", ("GHSA-wj6h-64fc-37mp", "PYSEC-2026-1325"), "No fix.", "https://a", date(2027, 5, 31)
)
TODAY, LAST_DAY = date(2026, 11, 30), date(2027, 5, 30)


@pytest.mark.parametrize("today", [TODAY, LAST_DAY])
@pytest.mark.parametrize("ids", [[one] for one in ENTRY.advisories] + [list(ENTRY.advisories)])
def test_entry_accepts_its_vulnerability_by_any_of_its_ids(ids: list[str], today: date) -> None:
    assert {} == not_accepted({ECDSA: ids}, [ENTRY], today)
    assert [] == problems({ECDSA: ids}, [ENTRY], today)


def test_another_vulnerability_of_the_package_is_not_accepted() -> None:
    found = {ECDSA: ["GHSA-wj6h-64fc-37mp", "GHSA-x"]}
    assert {ECDSA: ["GHSA-x"]} == not_accepted(found, [ENTRY], TODAY)


def test_the_same_id_of_another_package_is_not_accepted() -> None:
    found = {("rsa", "1.0"): ["PYSEC-2026-1325"]}
    assert found == not_accepted(found, [ENTRY], TODAY)


def test_entry_no_longer_counts_on_the_day_it_expires_and_says_so() -> None:
    found = {ECDSA: ["PYSEC-2026-1325"]}
    assert found == not_accepted(found, [ENTRY], ENTRY.expires)
    [sentence] = problems(found, [ENTRY], ENTRY.expires)
    assert sentence.startswith(
        "ecdsa (GHSA-wj6h-64fc-37mp, PYSEC-2026-1325) was accepted until 2027-05-31: No fix."
    )


@pytest.mark.parametrize("today", [TODAY, ENTRY.expires])
def test_entry_that_nothing_was_found_for_is_to_be_removed(today: date) -> None:
    [sentence] = problems({("rsa", "1.0"): ["GHSA-x"]}, [ENTRY], today)
    assert sentence.endswith("is accepted, but was not found. Remove the entry.")


WHOLE = {
    "package": '"ecdsa"',
    "advisories": '["GHSA-x"]',
    "reason": '"No fix."',
    "source": '"https://a"',
    "expires": "2027-05-31",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expires": None}, "its keys are"),
        ({"severity": '"low"'}, "its keys are"),
        ({"reason": '""'}, "reason = '' is not a str, or is empty"),
        ({"advisories": "[]"}, "advisories = [] is not a list, or is empty"),
        ({"expires": '"2027-05-31"'}, "is not a date"),
        ({"expires": "2027-05-31T00:00:00"}, "is not a date"),
    ],
    ids=str,
)
def test_incomplete_entry_is_refused(
    tmp_path: Path, change: dict[str, str | None], message: str
) -> None:
    path = tmp_path / "accepted.toml"
    lines = [f"{key} = {value}" for key, value in {**WHOLE, **change}.items() if value]
    path.write_text("\n".join(["[[accepted]]", *lines]))
    with pytest.raises(InvalidEntryError) as failed:
        read(path)
    assert message in str(failed.value)


def test_committed_list_is_whole() -> None:
    assert ["ecdsa"] == [entry.package for entry in read()]
