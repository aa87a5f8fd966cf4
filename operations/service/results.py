"""The results of images, as the results table records them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from operations.service import records
from operations.service.context import Context

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Result = dict[str, Any]

# The columns of a CSV file, in the order in which people read them.
COLUMNS = (
    "recorded_at",
    "outcome",
    "classification",
    "confidence_score",
    "confidence_threshold",
    "image_url",
    "version",
    "uploaded_at",
    "error",
    "cause",
    "processing_time_ms",
    "endpoint",
    "variant",
    "model_digest",
    "image_hash",
    "audit",
    "execution",
    "class_probabilities",
)


@dataclass(frozen=True)
class Selection:
    """The results to read; None selects every value."""

    outcome: str | None = None
    classification: str | None = None
    since: datetime | None = None

    def conditions(self) -> Iterator[tuple[str, str, str]]:
        """Yield attribute, comparison and value of each condition; every result has an outcome."""
        if self.outcome is not None:
            yield "outcome", "=", self.outcome
        if self.classification is not None:
            yield "classification", "=", self.classification
        if self.since is not None:
            # recorded_at has milliseconds and Z in addition, which sort after the bare second.
            yield "recorded_at", ">=", f"{self.since:%Y-%m-%dT%H:%M:%S}"

    def request(self) -> dict[str, Any]:
        """Return the filter as arguments of Scan and Query."""
        conditions = list(self.conditions())
        terms = ["attribute_exists(outcome)"]
        terms += [f"#{name} {comparison} :{name}" for name, comparison, _ in conditions]
        request: dict[str, Any] = {"FilterExpression": " AND ".join(terms)}
        if conditions:
            request["ExpressionAttributeNames"] = {f"#{name}": name for name, _, _ in conditions}
            values = {f":{name}": {"S": value} for name, _, value in conditions}
            request["ExpressionAttributeValues"] = values

        return request


def scan(context: Context, selection: Selection) -> Iterator[list[Result]]:
    """Yield the selected results page by page, in no particular order.

    The whole table is read: an index by time or outcome would cost a write for every image.
    """
    pages = context.aws.dynamodb.get_paginator("scan").paginate(
        TableName=context.service.results_table, ConsistentRead=True, **selection.request()
    )
    for page in pages:
        yield [plain(item) for item in page["Items"]]


def of_image(context: Context, image_url: str, selection: Selection) -> Iterator[Result]:
    """Yield the selected results of all versions of one image, the newest upload first."""
    request = selection.request()
    values = request.get("ExpressionAttributeValues", {})
    request["ExpressionAttributeValues"] = values | {":image_url": {"S": image_url}}
    pages = context.aws.dynamodb.get_paginator("query").paginate(
        TableName=context.service.results_table,
        IndexName="ByUpload",
        KeyConditionExpression="image_url = :image_url",
        ScanIndexForward=False,
        ConsistentRead=True,
        **request,
    )
    for page in pages:
        yield from map(plain, page["Items"])


def find(context: Context, keys: Iterable[tuple[str, str]]) -> Iterator[Result]:
    """Yield the results of the keys that have one, in no particular order."""
    for item in records.items_of(context, keys):
        if "outcome" in item:
            yield plain(item)


def plain(item: "Mapping[str, AttributeValueTypeDef]") -> Result:
    """Return an item of the table as JSON data; an attribute without a value is left out."""
    return {name: _value(value) for name, value in item.items() if "NULL" not in value}


def _value(attribute: "AttributeValueTypeDef") -> Any:
    if "N" in attribute:
        number = float(attribute["N"])
        return int(number) if number.is_integer() and "." not in attribute["N"] else number
    if "M" in attribute:
        return plain(attribute["M"])
    return next(iter(attribute.values()))


def row(result: Result) -> list[Any]:
    """Return the values of a result in the order of `COLUMNS`; empty where it has none."""
    values = [result.get(column, "") for column in COLUMNS]
    return [json.dumps(value) if isinstance(value, dict) else value for value in values]


def line(result: Result) -> str:
    """Describe a result in one line: outcome, class and confidence or the cause, image."""
    start = f"{result['outcome']:10}  "
    if "classification" in result:
        confidence = float(result.get("confidence_score", 0))
        return f"{start}{result['classification']}  {confidence:.3f}  {result['image_url']}"
    return f"{start}{result['image_url']}  {result.get('error', '')}: {result.get('cause', '')}"
