"""The recorded answers of npm's asl-validator and jsonata, and how they are made."""

import json
import re
from pathlib import Path
from typing import Any

from tests.contract.recordings import node
from tests.contract.recordings.evaluations import evaluations
from tests.contract.recordings.samples import MILLIS, NOW

HERE = Path(__file__).parent
VERDICTS = HERE / "asl_verdicts.json"
TIME = {"now": NOW, "millis": MILLIS}
RESULTS = HERE / "jsonata_results.json"


def read(path: Path) -> Any:
    """Return a recording."""
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, data: list[Any] | dict[str, dict[str, Any]]) -> None:
    """Write a recording with a line for each verdict or result, so that diffs show what changed."""
    if isinstance(data, list):
        text = "[\n" + ",\n".join(map(_line, data)) + "\n]\n"
    else:
        blocks = (
            f"{_line(expression)}: {{\n"
            + ",\n".join(f"  {_line(title)}: {_line(result)}" for title, result in found.items())
            + "\n}"
            for expression, found in data.items()
        )
        text = "{\n" + ",\n".join(blocks) + "\n}\n"
    path.write_text(text, encoding="utf-8")


def _line(data: object) -> str:
    text = json.dumps(data, ensure_ascii=False)
    # Half a character has no form in UTF-8, only an escape.
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


def verdicts() -> list[dict[str, Any]]:
    """Return the recorded definitions with asl-validator's verdicts of today. Raises NodeError."""
    cases = read(VERDICTS)
    found = node.run("asl_verdicts.js", [case["definition"] for case in cases])
    return [{**case, "asl_validator": verdict} for case, verdict in zip(cases, found, strict=True)]


def results() -> dict[str, dict[str, Any]]:
    """Return jsonata's results by expression and title of the scene. Raises NodeError."""
    asked = list(evaluations())
    found = node.run(
        "jsonata_results.js",
        [{"expression": text, "bindings": scene.bindings(), **TIME} for text, scene in asked],
    )
    recorded: dict[str, dict[str, Any]] = {}
    for (text, scene), result in zip(asked, found, strict=True):
        recorded.setdefault(text, {})[scene.title] = result
    return dict(sorted(recorded.items()))
