"""Read every change of the results table from its stream."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from localcloud.server.cloud import Cloud

_deserializer = TypeDeserializer()


@dataclass(frozen=True)
class Change:
    """One write: the item before and after it, or None if the item did or does not exist."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def identity(self) -> tuple[str, str]:
        """Return image URL and version."""
        item = self.after or self.before or {}
        return item["image_url"], item["version"]


@dataclass
class Changes:
    """Every write since the stream was enabled, in order."""

    made: list[Change] = field(default_factory=list)


@contextmanager
def changes(cloud: Cloud, table: str) -> Iterator[Changes]:
    """Enable the stream of a table for the block. All writes are available after the block."""
    database, streams = cloud.client("dynamodb"), cloud.client("dynamodbstreams")
    on = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    database.update_table(TableName=table, StreamSpecification=on)
    arn = database.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    written = Changes()
    try:
        yield written
    finally:
        written.made.extend(_read(streams, arn))
        database.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})


def _read(streams: Any, arn: str) -> Iterator[Change]:
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        position = streams.get_shard_iterator(**start)["ShardIterator"]
        while position and (answer := streams.get_records(ShardIterator=position))["Records"]:
            for record in answer["Records"]:
                before, after = (
                    record["dynamodb"].get(image) for image in ("OldImage", "NewImage")
                )
                yield Change(before and plain_item(before), after and plain_item(after))
            position = answer.get("NextShardIterator")


def plain_item(item: dict[str, Any]) -> dict[str, Any]:
    """Convert an item of DynamoDB to JSON values; its numbers become floats."""
    return {name: _plain(_deserializer.deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    return float(value) if isinstance(value, Decimal) else value
