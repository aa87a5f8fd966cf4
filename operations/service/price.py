"""What a backlog costs, by the list prices: so many units for each image, and some for the whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from cli.prices import Prices


@dataclass(frozen=True)
class Item:
    """A line of the bill: how many units one image takes, and a whole backlog besides."""

    what: str
    unit: str  # as in prices.toml
    per_image: float
    per_backlog: float = 0.0


# Without retries. States: the map's one, and ten of the workflow for an image that can be classified. Seconds of the
# functions are rounded up from what a photo of 12 megapixels and an endpoint that answers in 0.1 s take.
# A write to a table with one index counts twice, for an item below 1 kB; a record is opened and recorded.
BILL = (
    Item("state transitions", "state_transition", 11, 3),
    Item("Lambda requests", "lambda_request", 3),
    Item("serialize_image, 1.73 GB for 0.15 s", "lambda_gb_second", 1.73 * 0.15),
    Item("classify_image, 0.5 GB for 0.2 s", "lambda_gb_second", 0.5 * 0.2),
    Item("filter_inferences, 0.25 GB for 0.01 s", "lambda_gb_second", 0.25 * 0.01),
    Item("S3 reads of the image", "s3_get", 1, 1),
    Item("S3 lists and writes (list, report)", "s3_put", 1 / 1000, 5),
    Item("DynamoDB writes, table and index", "dynamodb_write", 4),
    Item("DynamoDB reads, before and after", "dynamodb_read", 2),
    Item("events of outcomes", "event", 1),
)


def dollars(prices: Prices, images: int) -> float:
    """What a backlog of so many images costs, besides the hours of the endpoint."""
    return sum(_price(prices.per_million, item, images) for item in BILL)


def rows(prices: Prices, images: int) -> list[tuple[str, float, float]]:
    """The bill: what, units for each image, dollars for all of them."""
    return [(item.what, item.per_image, _price(prices.per_million, item, images)) for item in BILL]


def _price(per_million: Mapping[str, float], item: Item, images: int) -> float:
    return (item.per_image * images + item.per_backlog) * per_million[item.unit] / 1e6
