"""Match newlines with the wildcards of policies.

MiniStack: `*` and `?` do not match newlines. A pattern without them ignores a newline at the end.
AWS: `*` matches any combination of characters, and `?` any single character.
Source: IAM User Guide, "IAM JSON policy elements: Resource", Using wildcards in resource ARNs.
Remove this patch when MiniStack does the same.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ministack.core import iam_evaluator

from localcloud.ministack.patch import wrap

_WILDCARDS = {"*": ".*", "?": "."}


def install() -> None:
    """Compile the patterns of policies here."""
    wrap(iam_evaluator, "_fnmatch_compile", "pattern ignore_case", _compile)


def _compile(_original: Callable[..., Any], pattern: str, ignore_case: bool) -> re.Pattern[str]:
    return _compiled(pattern, ignore_case)


@lru_cache(4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    text = "".join(_WILDCARDS.get(character, re.escape(character)) for character in pattern)
    flags = re.DOTALL | re.IGNORECASE if ignore_case else re.DOTALL
    return re.compile(rf"{text}\Z", flags)
