"""List prices: of the project, of a user's file, and unknown."""

from pathlib import Path

import pytest

from cli.prices import PRICES, PriceFileError, per_hour, read_prices


def test_cost_of_instances_grows_with_their_number() -> None:
    assert pytest.approx(0.345) == read_prices().instances("ml.m5.large", 3)


def test_an_instance_type_without_a_price_is_unknown() -> None:
    assert read_prices().instances("ml.p5.48xlarge") is None


def test_storage_is_paid_by_the_month() -> None:
    prices = read_prices()
    assert pytest.approx(prices.s3_gb_month) == prices.storage(1024**3) * 730


def test_basis_names_region_and_date() -> None:
    assert "list prices of us-east-1, 20" in read_prices().basis


def test_file_of_the_user_replaces_the_prices(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(PRICES.read_text().replace('"ml.m5.large" = 0.115', '"ml.m5.large" = 0.2'))
    assert 0.2 == read_prices(own).instances("ml.m5.large")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("s3_gb_month", "s3_gb_years"),
        ("= 0.115", '= "cheap"'),
        ("= 0.115", "= -1"),
        ("as_of = 2026", "as_of = 20"),
        ("alarm_month = 0.10", ""),
    ],
)
def test_broken_price_file_is_refused(tmp_path: Path, old: str, new: str) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(PRICES.read_text().replace(old, new))
    with pytest.raises(PriceFileError, match=r"prices\.toml"):
        read_prices(own)


def test_missing_price_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError):
        read_prices(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("dollars", "text"),
    [(None, "price unknown"), (0.0, "$0.000"), (0.0001, "<$0.001"), (0.115, "$0.115")],
)
def test_price_per_hour_is_rounded(dollars: float | None, text: str) -> None:
    assert text == per_hour(dollars)
