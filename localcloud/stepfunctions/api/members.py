"""Build the members of answers."""

from collections.abc import Mapping
from typing import Any

type Members = dict[str, Any]


def present(members: Mapping[str, Any]) -> Members:
    """Return the members that have a value."""
    return {name: value for name, value in members.items() if value is not None}
