"""A Fail state whose error begins with "States." fails the execution with States.Runtime, as the language forbids it.

Source: Amazon States Language, "Error representation": states may report errors with other names than the predefined
ones, "which MUST NOT begin with the prefix 'States.'". MiniStack raises any name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

_RESERVED = "States."


def install() -> None:
    """Look at the error of every Fail state."""
    wrap(stepfunctions, "_fail_state_error", "state_def raw_input ctx", _checked)


def _checked(
    original: Callable[..., tuple[str, str]], state_def: Mapping[str, Any], *arguments: Any
) -> tuple[str, str]:
    error, cause = original(state_def, *arguments)
    given = "Error" in state_def or "ErrorPath" in state_def
    if given and error.startswith(_RESERVED):
        return "States.Runtime", f"A Fail state must not raise {error}: names that begin with {_RESERVED} are reserved."
    return error, cause
