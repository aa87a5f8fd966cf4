"""Step Functions' `$parse("null")` is null; MiniStack's is undefined, which fails the evaluation."""

from collections.abc import Callable
from typing import Any

from jsonata.utils import Utils
from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap


def install() -> None:
    """Return null as the library knows it: it takes Python's None for undefined."""
    wrap(stepfunctions, "_sfn_jsonata_parse", "text", _parse)


def _parse(original: Callable[..., Any], text: Any) -> Any:
    value = original(text)
    return Utils.NULL_VALUE if value is None else value
