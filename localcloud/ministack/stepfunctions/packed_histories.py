"""The histories of executions that ended some time ago are kept packed: MiniStack would keep 25 KB for every image.

A packed history is one text, a sixth as long, which also costs next to nothing when the state is copied and saved.
"""

import base64
import json
import lzma
from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

# Whoever looks at the history of an execution mostly does so soon after its end.
UNPACKED = 200
_ended: deque[dict[str, Any]] = deque()
_lock = Lock()


def install() -> None:
    """Pack what has ended, and unpack what somebody asks for."""
    wrap(stepfunctions, "_run_execution", "exec_arn", _run)
    wrap(stepfunctions, "_get_execution_history", "data", _read)


def pack_later(execution: dict[str, Any]) -> None:
    """Pack the history of an execution that has ended, when enough others have ended after it."""
    _ended.append(execution)
    with _lock:
        while len(_ended) > UNPACKED:
            _pack(_ended.popleft())


def _pack(execution: dict[str, Any]) -> None:
    if isinstance(execution["events"], list):
        # The image of a photo is there several times: LZMA finds it again, zlib looks back 32 KB only.
        packed = lzma.compress(json.dumps(execution["events"]).encode(), preset=0)
        execution["events"] = base64.b64encode(packed).decode()


def _run(original: Callable[[str], None], arn: str) -> None:
    try:
        original(arn)
    finally:
        if execution := stepfunctions._executions.get(arn):
            pack_later(execution)


def _read(original: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    execution = stepfunctions._executions.get(data.get("executionArn"))
    with _lock:
        if execution and isinstance(execution["events"], str):
            execution["events"] = json.loads(lzma.decompress(base64.b64decode(execution["events"])))
            _ended.append(execution)
        return original(data)
