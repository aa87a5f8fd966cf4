"""Write tasks with annotations for Label Studio, and the labeling configuration they belong to.

Format: "Label Studio JSON format of annotated tasks" in its guide. `completed_by` is left out: an
import refuses users that the project does not have, so the reviewer is a field of the data.
"""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr  # nosec B406 - writes, does not parse

from training.dataset.export import Export, ExportedImage
from untrusted.console import Console
from untrusted.text import as_json

MANIFEST = "tasks.json"
CONFIGURATION = "labeling-config.xml"
# Names in the template "Image Classification" of Label Studio.
_CHOICE, _IMAGE = "choice", "image"


def write(export: Export, folder: Path, _: Console) -> None:
    """Write the tasks and the configuration.

    Raises:
        OSError: The folder is not writable.
    """
    tasks = [task_of(image) for image in export.images]
    (folder / MANIFEST).write_text(as_json(tasks, indent=1) + "\n", encoding="utf-8")
    (folder / CONFIGURATION).write_text(_configuration(export.labels), encoding="utf-8")


def task_of(image: ExportedImage) -> dict[str, Any]:
    """Return the task of an image, with one annotation: the class that people gave it."""
    at = image.labelled_at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    result = {
        "id": image.name[:10],
        "from_name": _CHOICE,
        "to_name": _IMAGE,
        "type": "choices",
        "value": {"choices": [image.label]},
    }
    annotation = {
        "result": [result],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": at,
        "updated_at": at,
    }
    reviewer = {"reviewer": image.reviewer} if image.reviewer else {}
    return {
        "data": {_IMAGE: image.url, **image.facts, **reviewer},
        "annotations": [annotation],
        "predictions": [],
    }


def _configuration(labels: tuple[str, ...]) -> str:
    choices = "".join(f"    <Choice value={quoteattr(label)}/>\n" for label in labels)
    return (
        "<View>\n"
        f'  <Image name="{_IMAGE}" value="${_IMAGE}"/>\n'
        f'  <Choices name="{_CHOICE}" toName="{_IMAGE}" choice="single">\n'
        f"{choices}"
        "  </Choices>\n"
        "</View>\n"
    )
