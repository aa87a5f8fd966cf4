"""JSON files that hold the state of a service between two runs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class UnreadableStateError(Exception):
    """A state file of the local cloud is damaged: delete the file, then create again what it held."""


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a file as a whole: a crash leaves the old one or the new one, never half of one."""
    aside = path.with_suffix(".partial")
    aside.write_text(json.dumps(value, indent=2), encoding="utf-8")
    aside.replace(path)
