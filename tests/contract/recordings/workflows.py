"""The workflows' definitions as CloudFormation creates them, with values for all placeholders."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DEFINITIONS = Path(__file__).parents[3] / "statemachine"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:scones-unlimited"
WORKFLOW = "arn:aws:states:eu-west-1:123456789012:stateMachine:scones-unlimited-STANDARD"
VALUES = {
    "Partition": "aws",
    "ConfidenceThreshold": "0.8",
    "ImageBucket": "scones-unlimited-images-123456789012",
    "BacklogPrefix": "archive/",
    "ResultsTable": "scones-unlimited-results",
    "Service": "scones-unlimited",
    "SerializeImageFunctionArn": f"{FUNCTION}-serialize-image",
    "ClassifyImageFunctionArn": f"{FUNCTION}-classify-image",
    "FilterInferencesFunctionArn": f"{FUNCTION}-filter-inferences",
    "ImageClassificationWorkflow": WORKFLOW,
    "RecordingWorkflow": WORKFLOW.replace("STANDARD", "recording"),
}


class UnknownPlaceholderError(Exception):
    """A definition has a placeholder without a value in this module."""


def names() -> list[str]:
    """Return the names of the workflows."""
    return sorted(path.name.removesuffix(".asl.json") for path in DEFINITIONS.glob("*.asl.json"))


def substituted(workflow: str) -> dict[str, Any]:
    """Return a definition with values for its placeholders. Raises UnknownPlaceholderError."""
    text = (DEFINITIONS / f"{workflow}.asl.json").read_text(encoding="utf-8")
    definition: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", _value, text))
    return definition


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every state of a machine by its name, those inside of maps as well."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def _value(placeholder: re.Match[str]) -> str:
    name = placeholder[1]
    if name not in VALUES:
        raise UnknownPlaceholderError(f"{placeholder[0]} has no value. Add it in {__file__}.")
    return VALUES[name]
