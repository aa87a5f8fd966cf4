"""Find the classes that an image may have beside those that its record lists.

A record holds the probability of each class of up to 100 classes. Of more classes it holds the ten
largest probabilities; then the model card of the endpoint names all classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from cli.aws import code_of
from functions.classify_image.prediction import LISTED_CLASSES, MOST_CLASSES
from review.images import WaitingImage
from training.models.model_card import read_model_card
from training.project.naming import model_card_parameter

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_ROUNDING = 1e-6  # of a sum of all class probabilities
_DENIED = {"AccessDenied", "AccessDeniedException"}


class UnlistedClasses(Protocol):
    """The classes of a model that the record of an image does not list."""

    def of(self, image: WaitingImage) -> frozenset[str]:
        """Return the class names."""


class NoUnlistedClasses:
    """Each record lists all classes."""

    def of(self, _image: WaitingImage) -> frozenset[str]:
        """Return no class names."""
        return frozenset()


@dataclass
class ClassesOfModelCard:
    """The classes of the model card, where a record lists only ten of them.

    Args:
        read: Returns the labels of the present model card, none without a card.
    """

    read: Callable[[], Sequence[str]]
    _known: dict[str, Sequence[str]] = field(default_factory=dict)

    def of(self, image: WaitingImage) -> frozenset[str]:
        """Return the class names.

        The card is read once for each model that decided an image. A record of ten classes may
        also be of a model that has only these. Such a model needs no card, so that reviewers
        without the permission to read it can label its images.

        Raises:
            ClientError: The card cannot be read, and the record does not name all classes.
            ClassListError: The card lacks its list of classes.
        """
        listed = image.class_probabilities
        if len(listed) != LISTED_CLASSES:
            return frozenset()

        is_whole = sum(listed.values()) > 1 - _ROUNDING
        try:
            labels = self._labels(image.model_digest)
        except ClientError as exc:
            if is_whole and code_of(exc) in _DENIED:
                return frozenset()
            raise
        if is_whole and len(labels) <= MOST_CLASSES:
            return frozenset()
        return frozenset(labels) - listed.keys()

    def _labels(self, model_digest: str) -> Sequence[str]:
        if model_digest not in self._known:
            self._known[model_digest] = self.read()
        return self._known[model_digest]


def classes_of_endpoint(ssm: "SSMClient", endpoint: str) -> ClassesOfModelCard:
    """Return the classes of the model that an endpoint serves."""

    def labels() -> Sequence[str]:
        card: dict[str, Any] = read_model_card(ssm, model_card_parameter(endpoint)) or {}
        found: Sequence[str] = card.get("labels", ())
        return found

    return ClassesOfModelCard(labels)
