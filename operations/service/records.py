"""Read the records of the results table: one item for each version of each image."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cli import table_items
from cli.outcomes import FINAL
from operations.service.context import Context

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

UNDER_WAY = timedelta(minutes=15)  # executions rarely take longer, unless the endpoint is throttled
_PROJECTION = (
    "image_url, version, uploaded_at, outcome, #error, execution, opened_by, opened_at, "
    "confidence_threshold, waits_for, review"
)
_NAMES = {"#error": "error"}  # a reserved word


@dataclass(frozen=True, slots=True)
class Record:
    """The attributes of an item that operations need. A record without an outcome is open."""

    image_url: str
    version: str
    uploaded_at: str
    outcome: str | None
    error: str | None
    execution: str | None  # the execution that recorded the outcome
    opened_by: str | None  # the execution that works on the image, or last did
    opened_at: datetime | None
    confidence_threshold: float | None
    waits_for: str | None = None  # why the image waits for a reviewer
    is_reviewed: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The key of the item."""
        return self.image_url, self.version

    def is_worked_on(self, since: timedelta = UNDER_WAY) -> bool:
        """Return whether an execution opened the record recently, and has not failed since.

        A failure can be recorded before the opening of the same execution arrives.
        """
        if self.outcome in FINAL or self.opened_at is None or self.opened_by == self.execution:
            return False
        return datetime.now(UTC) - self.opened_at < since


def scan(context: Context, prefix: str, **equal: str) -> Iterator[Record]:
    """Yield the records of images under a prefix whose attributes have the given values."""
    names = {f"#{name}": name for name in equal}
    conditions = ["begins_with(image_url, :prefix)", *(f"#{name} = :{name}" for name in equal)]
    values: dict[str, Any] = {f":{name}": {"S": value} for name, value in equal.items()}
    pages = context.aws.dynamodb.get_paginator("scan").paginate(
        TableName=context.service.results_table,
        ProjectionExpression=_PROJECTION,
        FilterExpression=" AND ".join(conditions),
        ExpressionAttributeNames=_NAMES | names,
        ExpressionAttributeValues=values | {":prefix": {"S": context.service.image_url(prefix)}},
        ConsistentRead=True,
    )
    for page in pages:
        yield from map(_record, page["Items"])


def find(context: Context, keys: Iterable[tuple[str, str]]) -> Iterator[Record]:
    """Yield the existing records of the keys, as they are now, in no particular order."""
    request = {"ProjectionExpression": _PROJECTION, "ExpressionAttributeNames": _NAMES}
    yield from map(_record, items_of(context, keys, request))


def items_of(
    context: Context,
    keys: Iterable[tuple[str, str]],
    request: Mapping[str, Any] = MappingProxyType({}),
) -> "Iterator[dict[str, AttributeValueTypeDef]]":
    """Yield the existing items of the keys, as `cli.table_items.items_of`."""
    table = context.service.results_table
    return table_items.items_of(context.aws.dynamodb, table, keys, request)


def recorded_by(context: Context, image_url: str, execution: str) -> Record | None:
    """Return the record of an image whose outcome an execution recorded, of any version."""
    pages = context.aws.dynamodb.get_paginator("query").paginate(
        TableName=context.service.results_table,
        ProjectionExpression=_PROJECTION,
        KeyConditionExpression="image_url = :image_url",
        FilterExpression="execution = :execution",
        ExpressionAttributeNames=_NAMES,
        ExpressionAttributeValues={":image_url": {"S": image_url}, ":execution": {"S": execution}},
        ConsistentRead=True,
    )
    return next((_record(item) for page in pages for item in page["Items"]), None)


def latest(context: Context, image_url: str) -> Record | None:
    """Return the record of the image version that was opened last; None without a record."""
    pages = context.aws.dynamodb.get_paginator("query").paginate(
        TableName=context.service.results_table,
        ProjectionExpression=_PROJECTION,
        KeyConditionExpression="image_url = :image_url",
        ExpressionAttributeNames=_NAMES,
        ExpressionAttributeValues={":image_url": {"S": image_url}},
        ConsistentRead=True,
    )
    found = [_record(item) for page in pages for item in page["Items"]]
    return max(
        found, key=lambda record: (record.opened_at is not None, record.opened_at), default=None
    )


def _record(item: "dict[str, AttributeValueTypeDef]") -> Record:
    text = {name: value["S"] for name, value in item.items() if "S" in value}
    threshold = item.get("confidence_threshold", {}).get("N")
    return Record(
        image_url=text["image_url"],
        version=text["version"],
        uploaded_at=text["uploaded_at"],
        outcome=text.get("outcome"),
        error=text.get("error"),
        execution=text.get("execution"),
        opened_by=text.get("opened_by"),
        opened_at=datetime.fromisoformat(text["opened_at"]) if "opened_at" in text else None,
        confidence_threshold=None if threshold is None else float(threshold),
        waits_for=text.get("waits_for"),
        is_reviewed="review" in item,
    )
