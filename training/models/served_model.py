"""The model that the run's endpoint serves: which it is, and the model card that says how to read its answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from cli.aws import Aws
from training.dataset.dataset import Dataset
from training.models.model_card import OtherClassesError, read_model_card, write_model_card
from training.project.errors import TrainingError
from training.project.inventory import find_endpoint
from training.project.naming import Names

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_ssm import SSMClient


class EndpointNotReadyError(TrainingError):
    """The endpoint is not in service: `python -m training deploy` brings it up, `status` says how it is."""


class UnknownVariantError(TrainingError):
    """The endpoint has no such production variant."""


class ModelCardMissingError(TrainingError):
    """The endpoint has no whole model card: `python -m training deploy` writes it."""


@dataclass(frozen=True)
class ServedModel:
    """What serves: the endpoint's configuration, a variant of it (None: there is but one), and its model card."""

    endpoint: str
    configuration: str
    variant: str | None
    card: dict[str, Any]
    dataset_digest: str

    @classmethod
    def of(cls, aws: Aws, names: Names, dataset: Dataset, variant: str | None = None) -> Self:
        """The model that serves now; during an A/B test the named variant's, or that of the one that was there first.

        Raises:
            EndpointNotReadyError, UnknownVariantError: there is none.
            ModelCardMissingError, OtherClassesError, OtherDatasetError: it is not one of this dataset.
        """
        whole = _read(aws.ssm, names.model_card)
        configuration = _configuration(aws.sagemaker, names.endpoint, variant)
        if whole.get("variants"):
            variant = variant or whole.get("variant")
        card = _require(names.model_card, dataset, whole.get("variants", {}).get(variant, whole))
        return cls(names.endpoint, configuration, variant, card, dataset.digest)

    def write_card(self, ssm: "SSMClient", names: Names, card: dict[str, Any]) -> None:
        """Put a card in the place of this one; those of other variants stay. Raises ModelCardTooLargeError."""
        whole = read_model_card(ssm, names.model_card) or {}
        others = whole.get("variants", {})
        if self.variant in others:
            card = whole | {"variants": others | {self.variant: card}}
        write_model_card(ssm, names, card)

    @property
    def subject(self) -> dict[str, Any]:
        """What answers are answers of: if any of it changes, they are to be asked anew."""
        return {
            "endpoint": self.endpoint,
            "endpoint_configuration": self.configuration,
            "target_variant": self.variant,
            "model": self.card["model_digest"],
            "dataset": self.dataset_digest,
        }


def read_whole_card(ssm: "SSMClient", parameter: str) -> dict[str, Any]:
    """The endpoint's model card, of whichever dataset; during an A/B test that of the variant that was there first.

    Raises:
        ModelCardMissingError: there is none, or it lacks what makes sense of the model's answers.
    """
    return _require_whole(parameter, _read(ssm, parameter))


def _configuration(sagemaker: "SageMakerClient", name: str, variant: str | None) -> str:
    endpoint = find_endpoint(sagemaker, name)
    if endpoint is None:
        raise EndpointNotReadyError(f"There is no endpoint {name}. {EndpointNotReadyError.__doc__}")
    if endpoint["EndpointStatus"] != "InService":
        raise EndpointNotReadyError(
            f"The endpoint {name} is {endpoint['EndpointStatus']}. {EndpointNotReadyError.__doc__}"
        )
    variants = [one["VariantName"] for one in endpoint.get("ProductionVariants", [])]
    if variant and variant not in variants:
        raise UnknownVariantError(f"{variant!r} is none of {name}; it has {', '.join(variants)}.")
    return endpoint["EndpointConfigName"]


def _read(ssm: "SSMClient", name: str) -> dict[str, Any]:
    try:
        card = read_model_card(ssm, name)
    except ValueError as exc:
        raise ModelCardMissingError(
            f"{name} is no JSON: {exc}. {ModelCardMissingError.__doc__}"
        ) from exc
    if card is None:
        raise ModelCardMissingError(f"There is no {name}. {ModelCardMissingError.__doc__}")
    if not isinstance(card, dict):
        raise ModelCardMissingError(f"{name} is no JSON object. {ModelCardMissingError.__doc__}")
    return card


def _require_whole(parameter: str, card: dict[str, Any]) -> dict[str, Any]:
    """Return the card if it is whole."""
    lacking = {"labels", "temperature", "model_digest"} - card.keys()
    if lacking:
        raise ModelCardMissingError(
            f"{parameter} has no {', '.join(sorted(lacking))}. {ModelCardMissingError.__doc__}"
        )
    return card


def _require(parameter: str, dataset: Dataset, card: dict[str, Any]) -> dict[str, Any]:
    """Return the card if it is whole and of a model that was trained on this dataset."""
    _require_whole(parameter, card)
    if tuple(card["labels"]) != dataset.labels:
        raise OtherClassesError(
            f"The model card says {', '.join(card['labels'])}; the dataset {', '.join(dataset.labels)}. "
            f"{OtherClassesError.__doc__}"
        )
    dataset.require(card.get("data_digest") or None)
    return card
