"""Write the augmented manifest of SageMaker Ground Truth, which Rekognition reads as well.

Format: "Labeling job output data" in the developer guide of SageMaker. Further fields of a line are
left as they are by Ground Truth, so split, group and reason are such fields.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from training.dataset.dataset import SPLITS
from training.dataset.export import Export, ExportedImage
from untrusted.console import Console
from untrusted.text import as_json

MANIFEST = "dataset.manifest"  # of all splits
_LABEL = "label"


def write(export: Export, folder: Path, _: Console) -> None:
    """Write a manifest of all images, and a manifest for each split, as training jobs need it.

    Raises:
        OSError: The folder is not writable.
    """
    _write(export, export.images, folder / MANIFEST)
    for split in SPLITS:
        if images := [image for image in export.images if image.split == split]:
            _write(export, images, folder / f"{split}.manifest")


def line_of(export: Export, image: ExportedImage) -> dict[str, Any]:
    """Return the line of an image."""
    metadata = {
        "class-name": image.label,
        "confidence": 1,  # a person has labelled it; Rekognition needs a number and ignores it
        "human-annotated": "yes",
        "creation-date": _date(image.labelled_at),
        "type": "groundtruth/image-classification",
        "job-name": f"labeling-job/{export.name}",
    }
    label = {_LABEL: export.labels.index(image.label), f"{_LABEL}-metadata": metadata}
    return {"source-ref": image.url, **label, **image.facts}


def _write(export: Export, images: Iterable[ExportedImage], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{as_json(line_of(export, image), indent=None)}\n" for image in images)


def _date(moment: datetime) -> str:
    """Return a time in UTC in the form of Ground Truth, which names no time zone."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")
