"""Recognize the names that people give to splits."""

import re

from training.dataset.dataset import CALIBRATION, TEST, TRAIN, VALIDATION

_NAMES = {
    TRAIN: ("train", "training"),
    VALIDATION: ("validation", "validate", "valid", "val", "dev"),
    CALIBRATION: ("calibration", "calib"),
    TEST: ("test", "testing"),
}
_SPLIT_OF = {name: split for split, names in _NAMES.items() for name in names}
# Words beside the name: `training_set`, `Test images`.
_FILLERS = {"set", "data", "dataset", "images", "imgs", "photos", "split"}
# The same without a space, and the year of an edition: `trainset`, `val2017`.
_ENDING = re.compile(r"(set|data)?[0-9]*$")


def split_named(text: str) -> str | None:
    """Return the split that a text names, in any case, or None for another text."""
    words = [word for word in re.split(r"[\W_]+", text.casefold()) if word]
    names = [word for word in words if word not in _FILLERS]
    return _SPLIT_OF.get(_ENDING.sub("", names[0], count=1)) if len(names) == 1 else None
