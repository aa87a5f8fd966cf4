"""Define the errors of a drift comparison, and the error that reports drift."""

from collections.abc import Mapping
from typing import Any

from training.project.errors import TrainingError


class ReferenceMissingError(TrainingError):
    """Run `scones evaluate`: it creates the reference of the deployed model."""


class InvalidReferenceError(TrainingError):
    """Run `scones evaluate` again: the reference of the deployed model is damaged."""


class SmallReferenceError(TrainingError):
    """Stage more test images, then run `scones deploy` and `scones evaluate` again."""


class TooFewRecentImagesError(TrainingError):
    """Wait for more images, or capture more of them: there are too few recent images."""


class DriftError(TrainingError):
    """Follow docs/operations.md: recent images differ from the held-out images."""

    status = 3

    def __init__(self, detail: str, found: Mapping[str, Any]) -> None:
        """Attach the result of the step."""
        super().__init__(detail)
        self.data = found
