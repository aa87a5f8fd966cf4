"""An execution as one self-contained HTML page, without the bytes of its image in any text."""

import base64
import binascii
import json
from pathlib import Path
from typing import Any

from documents.workflow import draw
from operations.service.history import Execution, History
from untrusted.page import page_template

LONGEST = 500  # characters of a value that are shown
LONGEST_TEXT = 20_000  # characters of a state's whole input or output that are shown
_IMAGE = "image_data"
_TYPES = {"image/png", "image/jpeg"}


def render(execution: Execution) -> str:
    """The page as one HTML document; it loads nothing."""
    return page_template(
        Path(__file__).parent, "execution.html.jinja", shown=shown, cut=cut
    ).render(
        execution=execution,
        image=image_sent(execution.history),
        decision=decision(execution.history),
        drawing=draw(execution.definition, taken={step.name for step in execution.history.steps}),
    )


def cut(text: str, longest: int = LONGEST) -> str:
    """A text, or its beginning and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters in all)"


def shown(text: str) -> str:
    """A state's input or output for people: JSON with long values cut; what is no JSON is cut as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return cut(text)
    return cut(json.dumps(_shortened(value), indent=2, ensure_ascii=False), LONGEST_TEXT)


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, dict):
        return {
            cut(key): _told(item) if key == _IMAGE else _shortened(item)
            for key, item in value.items()
        }
    return value


def _told(image_data: Any) -> str:
    return f"(image, {len(str(image_data)):,} characters of base64)"


def image_sent(history: History) -> str | None:
    """The image as sent to the model, as a data URI; None if the execution did not come that far."""
    for step in history.steps:
        given = _object(step.input)
        data, kind = given.get(_IMAGE), given.get("content_type")
        if isinstance(data, str) and kind in _TYPES:
            try:
                base64.b64decode(data, validate=True)
            except binascii.Error:
                return None
            return f"data:{kind};base64,{data}"
    return None


def decision(history: History) -> dict[str, Any]:
    """The workflow's output, which tells the outcome; empty if it has none."""
    return _object(history.steps[-1].output or "") if history.steps else {}


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
