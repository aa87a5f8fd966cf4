"""Divide the sample photos: a few labelled ones for the first model, and the photos that arrive."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from examples.demo.training_steps import SAMPLES
from examples.demo.uploads import Sample

CLASSES = ("automobile", "truck")
OTHER = "other"
# Labelled photos of each class in each split. The test photos are all that the samples have, so
# that both models are measured on the same photos.
START = {"train": 20, "validation": 20, "calibration": 50, "test": 100}
ARRIVING = 140  # photos of each class, from the training photos behind those of the start


@dataclass(frozen=True)
class Dataset:
    """Folders for `scones stage`: photos of the classes, and negative examples."""

    classes: Path
    other: Path


def start_dataset(folder: Path) -> Dataset:
    """Copy the labelled photos of the first model into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    dataset = Dataset(folder / "photos", folder / OTHER)
    for split, count in START.items():
        for path in _labelled(split)[OTHER][:count]:
            _copy(path, dataset.other / split / path.parent.name)
        for name in CLASSES:
            for path in _labelled(split)[name][:count]:
                _copy(path, dataset.classes / split / name)
    return dataset


def arriving_photos() -> Iterator[Sample]:
    """Yield the photos that arrive without a label; only the simulated reviewers know theirs."""
    for name, paths in _labelled("train").items():
        label = None if name == OTHER else name
        for path in paths[START["train"] :][:ARRIVING]:
            yield Sample(path, f"loop/{path.parent.name}/{path.name}", label)


def _labelled(split: str) -> dict[str, list[Path]]:
    """Return the photos of a split by class; negative examples of all kinds take turns."""
    of_classes = {name: sorted((SAMPLES / split / name).iterdir()) for name in CLASSES}
    kinds = [sorted(kind.iterdir()) for kind in sorted((SAMPLES / OTHER / split).iterdir())]
    turns = [path for paths in zip(*kinds, strict=True) for path in paths]
    return {**of_classes, OTHER: turns}


def _copy(path: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / path.name)
