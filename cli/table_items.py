"""Read many items of the service's results table by their keys."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import batched
from time import sleep
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_BATCH = 100  # keys that BatchGetItem takes
_FIRST_WAIT = 0.1  # seconds
_LONGEST_WAIT = 10.0


def items_of(
    dynamodb: "DynamoDBClient",
    table: str,
    keys: Iterable[tuple[str, str]],
    request: Mapping[str, Any] = MappingProxyType({}),
) -> "Iterator[dict[str, AttributeValueTypeDef]]":
    """Yield the existing items of the keys, each once, in no particular order.

    Args:
        table: name of the results table.
        keys: image URL and version of each item.
        request: further arguments of BatchGetItem for the table, such as a projection.
    """
    for batch in batched(keys, _BATCH, strict=False):
        asked: list[Any] = [
            {"image_url": {"S": url}, "version": {"S": version}} for url, version in {*batch}
        ]
        wait = _FIRST_WAIT
        while asked:
            keyed: Any = {**request, "Keys": asked, "ConsistentRead": True}
            answer = dynamodb.batch_get_item(RequestItems={table: keyed})
            yield from answer["Responses"].get(table, [])

            # A throttled table leaves keys out instead of answering with an error.
            asked = list(answer["UnprocessedKeys"].get(table, {"Keys": []})["Keys"])
            if asked:
                sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
