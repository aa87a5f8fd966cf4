"""Show an execution as one self-contained HTML page; no text holds the image's bytes."""

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.outcomes import ACCEPTED, REVIEW
from cli.page import Origin, decimals, duration, render_page
from documents.workflow import draw
from operations.service.history import Execution, History

LONGEST = 500  # characters of a value that are shown
LONGEST_TEXT = 20_000  # characters of a state's whole input or output that are shown
_IMAGE = "image_data"
_TYPES = {"image/png", "image/jpeg"}
_VERDICTS = {ACCEPTED: "accepted", REVIEW: "for review"}
# The label of each field of an output; the page shows them in this order, and other fields after.
_LABELS = {
    "classification": "class",
    "confidence_score": "confidence",
    "confidence_threshold": "accepted from",
    "class_probabilities": "class probabilities",
    "error": "error",
    "cause": "cause",
    "processing_time_ms": "time from upload",
    "image_url": "image",
    "version": "version",
    "endpoint": "endpoint",
    "variant": "variant",
    "model_digest": "model",
}
_OMITTED = {"outcome", "image_processed", "passed_threshold"}  # the outcome contains them


def render(execution: Execution, links: Mapping[str, str] | None = None) -> str:
    """Return the page as one HTML document that loads nothing, with links to other pages."""
    output = decision(execution.history)
    stopped_at = execution.stopped_at or execution.started_at
    states = execution.definition.get("States", {})

    return render_page(
        Path(__file__).parent,
        "execution.html.jinja",
        Origin.of_arn(execution.arn),
        filters={"cause": cause, "cut": cut, "shown": shown},
        links=links,
        execution=execution,
        title=title(execution),
        status=execution.status.lower().replace("_", " "),
        total_ms=(stopped_at - execution.started_at).total_seconds() * 1000,
        image=image_sent(execution.history),
        decision=output,
        facts=facts(output),
        comments={
            step.name: states.get(step.name, {}).get("Comment", "")
            for step in execution.history.steps
        },
        drawing=draw(execution.definition, taken={step.name for step in execution.history.steps}),
    )


def title(execution: Execution) -> str:
    """Say what happened to which image, such as `truck.jpg: accepted, truck 0.937`."""
    history = execution.history
    output = decision(history)
    name = cut(image_name(history) or execution.arn.rpartition(":")[2], 100)
    verdict = _VERDICTS.get(str(output.get("outcome")))

    if verdict:
        confidence = output.get("confidence_score")
        score = f" {decimals(confidence, 3)}" if isinstance(confidence, int | float) else ""
        return f"{name}: {verdict}, {cut(str(output.get('classification')), 100)}{score}"
    if output.get("error"):
        return f"{name}: {cut(str(output.get('outcome')).lower())}, {cut(str(output['error']))}"
    if execution.status == "RUNNING":
        state = f" in {history.steps[-1].name}" if history.steps else ""
        return f"{name}: running{state}"
    if history.failure:
        return f"{name}: failed, {cut(history.failure.error)}"

    return f"{name}: {execution.status.lower().replace('_', ' ')}"


def image_name(history: History) -> str:
    """Return the file name of the image, or an empty text if no state has its URL."""
    for step in history.steps:
        given = _object(step.input)
        detail = given.get("detail")
        uploaded = detail.get("object") if isinstance(detail, dict) else None
        key = uploaded.get("key") if isinstance(uploaded, dict) else None
        url = given.get("image_url") or key
        if isinstance(url, str):
            return url.rpartition("/")[2]

    return ""


def facts(output: dict[str, Any]) -> dict[str, str]:
    """Return the fields of a workflow's output by their label, with short numbers."""
    omitted = _OMITTED | ({"confidence_threshold"} if "error" in output else set())
    names = [name for name in _LABELS if name in output and name not in omitted]
    names += [name for name in output if name not in _LABELS and name not in omitted]
    return {_LABELS.get(name, name): _short(name, output[name]) for name in names}


def _short(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short('', item)}" for key, item in value.items())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if name == "processing_time_ms":
        return duration(value)
    return decimals(value) if isinstance(value, float) else str(value)


def cut(text: str, longest: int = LONGEST) -> str:
    """Return a text, or its beginning and its length."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters in all)"


def cause(text: str) -> str:
    """Return the message of a failure: Lambda's `errorMessage`, or the whole text."""
    message = _object(text).get("errorMessage")
    return cut(message if isinstance(message, str) else text)


def shown(text: str) -> str:
    """Return a state's input or output as indented JSON with long values cut, or as cut text."""
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
            cut(key): _size(item) if key == _IMAGE else _shortened(item)
            for key, item in value.items()
        }

    return value


def _size(image_data: Any) -> str:
    return f"(image, {len(str(image_data)):,} characters of base64)"


def image_sent(history: History) -> str | None:
    """Return the image as sent to the model as a data URI; None if no state received it."""
    for step in history.steps:
        given = _object(step.input)
        data = given.get(_IMAGE)
        kind = given.get("content_type")
        if isinstance(data, str) and kind in _TYPES:
            try:
                base64.b64decode(data, validate=True)
            except binascii.Error:
                return None
            return f"data:{kind};base64,{data}"

    return None


def decision(history: History) -> dict[str, Any]:
    """Return the workflow's output, which has the outcome; empty without one."""
    return _object(history.steps[-1].output or "") if history.steps else {}


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
