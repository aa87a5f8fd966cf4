"""Evaluate the condition of a write and write in one step.

MiniStack: evaluates first and then writes. Another thread may write in between, so that two threads
create the same item.
AWS: evaluates the condition and writes the item as one operation.
Source: DynamoDB Developer Guide, "Conditional writes".
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

from ministack.services import dynamodb

from localcloud.ministack.patch import wrap

_one_writer = Lock()


def install() -> None:
    """Write one item at a time."""
    for write in ("_put_item", "_update_item", "_delete_item"):
        wrap(dynamodb, write, "data", _alone)


def _alone(original: Callable[[Any], Any], data: Any) -> Any:
    with _one_writer:
        return original(data)
