"""Write JSON files that hold the state of a service between two runs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class UnreadableStateError(Exception):
    """A state file of the local cloud is damaged: delete it, then create its contents again."""


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a file as a whole: after a crash it has its old or its new contents."""
    aside = path.with_suffix(".partial")
    aside.write_text(json.dumps(value, indent=2), encoding="utf-8")
    aside.replace(path)
