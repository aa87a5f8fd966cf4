"""Compute costs from the list prices of prices.toml or of another file."""

import argparse
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cli.errors import CommandError

PRICES = Path(__file__).with_name("prices.toml")
HOURS_PER_MONTH = 730  # as AWS's own calculator has it
_UNITS = {"state_transition", "lambda_request", "lambda_gb_second", "s3_get", "s3_put", "event"}
_UNITS |= {"dynamodb_write", "dynamodb_read"}
_UNITS |= {"express_request", "express_gb_second", "object_tag"}


class PriceFileError(CommandError):
    """Write the file like cli/prices.toml."""


@dataclass(frozen=True)
class Prices:
    """Hold list prices in dollars, of one region and day."""

    region: str
    as_of: date
    source: str
    serverless_gb_second: float
    s3_gb_month: float
    alarm_month: float
    composite_alarm_month: float
    metric_month: float
    key_month: float
    interface_endpoint_hour: float
    table_gb_month: float
    table_backup_gb_month: float
    instance_hour: Mapping[str, float]
    per_million: Mapping[str, float]
    charged: bool = True  # False on the local cloud

    def instances(self, instance_type: str, count: int = 1) -> float | None:
        """Return dollars per hour of instances, or None if the type's price is unknown."""
        hour = self.instance_hour.get(instance_type)
        return None if hour is None else hour * count

    def storage(self, size: int) -> float:
        """Return dollars per hour of bytes in S3."""
        return size / 1024**3 * self.s3_gb_month / HOURS_PER_MONTH

    @property
    def basis(self) -> str:
        """Return the region and the date of the prices, for people."""
        listed = f"list prices of {self.region}, {self.as_of:%Y-%m-%d}"
        return listed if self.charged else f"{listed}; the local cloud charges nothing"


def add_prices_argument(parser: argparse.ArgumentParser) -> None:
    """Add --prices."""
    parser.add_argument(
        "--prices",
        type=Path,
        default=PRICES,
        metavar="FILE",
        help="file of list prices (default: cli/prices.toml)",
    )


def read_prices(path: Path = PRICES, *, charged: bool = True) -> Prices:
    """Read a file of prices. `charged` is False if AWS does not charge for the resources.

    Raises:
        PriceFileError: the file cannot be read, or a price is missing, unknown or of a wrong type.
    """
    try:
        prices = Prices(**tomllib.loads(path.read_text(encoding="utf-8")), charged=charged)
        others = ("region", "as_of", "source", "instance_hour", "per_million", "charged")
        numbers = [value for name, value in vars(prices).items() if name not in others]
        numbers += [*prices.instance_hour.values(), *prices.per_million.values()]
        if not isinstance(prices.as_of, date) or not all(float(number) >= 0 for number in numbers):
            raise ValueError("as_of must be a date, and no price below 0")
        if missing := _UNITS - prices.per_million.keys():
            raise ValueError(f"[per_million] has no {', '.join(sorted(missing))}")
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        raise PriceFileError(f"{path}: {exc}. {PriceFileError.__doc__}") from exc
    return prices


def per_hour(dollars: float | None) -> str:
    """Return a price per hour, for people."""
    if dollars is None:
        return "price unknown"
    return f"${dollars:.3f}" if dollars >= 0.001 or not dollars else "<$0.001"
