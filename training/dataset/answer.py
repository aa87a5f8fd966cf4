"""Define the endpoint's answer to one labelled image."""

from dataclasses import dataclass

from training.dataset.dataset import LabelledKey


@dataclass(frozen=True)
class Answer:
    """The class probabilities of an image as the endpoint returned them, and the client's latency in milliseconds."""

    image: LabelledKey
    probabilities: tuple[float, ...]
    milliseconds: float
    variant: str

    @property
    def label(self) -> int:
        """The index of the image's true class."""
        return self.image.label

    @property
    def prediction(self) -> int:
        """The index of the class with the largest probability."""
        return self.probabilities.index(max(self.probabilities))
