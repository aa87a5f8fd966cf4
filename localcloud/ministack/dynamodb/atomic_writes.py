"""Check the condition of a write and write in one step.

MiniStack: checks first and then writes; another thread may write between.
AWS: evaluates a condition and writes the item as one operation, or two threads could both find that
an item does not exist.
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
    """Have one item written at a time, or two threads both find that an item does not exist."""
    for write in ("_put_item", "_update_item", "_delete_item"):
        wrap(dynamodb, write, "data", _alone)


def _alone(original: Callable[[Any], Any], data: Any) -> Any:
    with _one_writer:
        return original(data)
