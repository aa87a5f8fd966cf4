"""Define the endpoint's answer to one labelled image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from training.dataset.dataset import StagedImage


@dataclass(frozen=True)
class Answer:
    """Class probabilities that the endpoint returned for an image, and the latency in ms."""

    image: StagedImage
    probabilities: tuple[float, ...]
    milliseconds: float
    variant: str

    @property
    def label(self) -> int:
        """Return the index of the image's true class."""
        return self.image.label

    @property
    def prediction(self) -> int:
        """Return the index of the class with the largest probability."""
        return self.probabilities.index(max(self.probabilities))

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the answer that `as_data` serialized."""
        image = StagedImage(data["image"]["key"], data["image"]["label"])
        return cls(image, tuple(data["probabilities"]), data["milliseconds"], data["variant"])

    def as_data(self) -> dict[str, Any]:
        """Return the answer as JSON data, without the bytes of the image."""
        return {
            "image": {"key": self.image.key, "label": self.image.label},
            "probabilities": list(self.probabilities),
            "milliseconds": self.milliseconds,
            "variant": self.variant,
        }
