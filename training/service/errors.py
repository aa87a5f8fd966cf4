"""What keeps recent images from being compared with the reference, and what is found if they differ."""

from collections.abc import Mapping
from typing import Any

from training.project.errors import TrainingError


class ReferenceMissingError(TrainingError):
    """There is no reference of the deployed model: `scones evaluate` makes it, from the held-out images."""


class InvalidReferenceError(TrainingError):
    """The reference of the deployed model is damaged: `scones evaluate` writes it anew."""


class SmallReferenceError(TrainingError):
    """The reference has too few images to say anything: `stage` more test images, then `deploy` and `evaluate`."""


class TooFewImagesError(TrainingError):
    """Too few recent images are known to say anything: wait, or capture more of them."""


class DriftError(TrainingError):
    """Recent images are not as the held-out ones were: docs/operations.md says what to do."""

    status = 3

    def __init__(self, detail: str, found: Mapping[str, Any]) -> None:
        """With what was found, the result of the step."""
        super().__init__(detail)
        self.data = found
