"""Find the model that the run's endpoint serves, and the model card that describes it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from cli.aws import Aws
from cli.names import shorten
from training.dataset.dataset import Dataset
from training.models.model_card import OtherClassesError, read_model_card, write_model_card
from training.project.errors import TrainingError
from training.project.inventory import find_endpoint
from training.project.naming import Names

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_ssm import SSMClient


class EndpointNotReadyError(TrainingError):
    """Run `scones deploy`; `scones status` shows the state of the endpoint."""


class UnknownVariantError(TrainingError):
    """Name a production variant of the endpoint."""


class ModelCardMissingError(TrainingError):
    """Run `scones deploy`, which writes a complete model card."""


@dataclass(frozen=True)
class ServedModel:
    """The served configuration, a variant of it (None: the only variant), and its model card."""

    endpoint: str
    configuration: str
    variant: str | None
    card: dict[str, Any]
    dataset_digest: str

    @classmethod
    def of(cls, aws: Aws, names: Names, dataset: Dataset, variant: str | None = None) -> Self:
        """Return the served model; in an A/B test the named or else the original variant.

        Raises:
            EndpointNotReadyError: The endpoint is missing or not in service.
            UnknownVariantError: The endpoint does not have the variant.
            ModelCardMissingError: The model card is missing or incomplete.
            OtherClassesError: The model has other classes than the dataset.
            OtherDatasetError: The model was trained on another dataset.
        """
        whole = _read(aws.ssm, names.model_card)
        configuration = _configuration(aws.sagemaker, names.endpoint, variant)
        if whole.get("variants"):
            variant = variant or whole.get("variant")
        card = _require(names.model_card, dataset, whole.get("variants", {}).get(variant, whole))
        return cls(names.endpoint, configuration, variant, card, dataset.digest)

    def write_card(self, ssm: "SSMClient", names: Names, card: dict[str, Any]) -> None:
        """Replace this card; the cards of other variants stay.

        Raises:
            ModelCardTooLargeError: The card does not fit into SSM parameters.
        """
        whole = read_model_card(ssm, names.model_card) or {}
        others = whole.get("variants", {})
        if self.variant in others:
            card = whole | {"variants": others | {self.variant: card}}
        write_model_card(ssm, names, card)

    @property
    def subject(self) -> dict[str, Any]:
        """Return the identity of the answers: a change of any member makes them outdated."""
        return {
            "endpoint": self.endpoint,
            "endpoint_configuration": self.configuration,
            "target_variant": self.variant,
            "model": self.card["model_digest"],
            "dataset": self.dataset_digest,
        }


def read_whole_card(ssm: "SSMClient", parameter: str) -> dict[str, Any]:
    """Return the endpoint's model card for any dataset, in an A/B test the original variant's.

    Raises:
        ModelCardMissingError: The card is missing or incomplete.
    """
    return _require_whole(parameter, _read(ssm, parameter))


def _configuration(sagemaker: "SageMakerClient", name: str, variant: str | None) -> str:
    endpoint = find_endpoint(sagemaker, name)
    if endpoint is None:
        raise EndpointNotReadyError(
            f"The endpoint {name} does not exist. {EndpointNotReadyError.__doc__}"
        )
    if endpoint["EndpointStatus"] != "InService":
        raise EndpointNotReadyError(
            f"The endpoint {name} is {endpoint['EndpointStatus']}. {EndpointNotReadyError.__doc__}"
        )
    variants = [one["VariantName"] for one in endpoint.get("ProductionVariants", [])]
    if variant and variant not in variants:
        known = ", ".join(variants)
        raise UnknownVariantError(f"{name} does not have the variant {variant!r}. It has {known}.")
    return endpoint["EndpointConfigName"]


def _read(ssm: "SSMClient", name: str) -> dict[str, Any]:
    try:
        card = read_model_card(ssm, name)
    except ValueError as exc:
        raise ModelCardMissingError(
            f"{name} is not valid JSON: {exc}. {ModelCardMissingError.__doc__}"
        ) from exc
    if card is None:
        raise ModelCardMissingError(f"{name} does not exist. {ModelCardMissingError.__doc__}")
    if not isinstance(card, dict):
        raise ModelCardMissingError(f"{name} is not a JSON object. {ModelCardMissingError.__doc__}")
    return card


def _require_whole(parameter: str, card: dict[str, Any]) -> dict[str, Any]:
    """Return a card that has all required members."""
    lacking = {"labels", "temperature", "model_digest"} - card.keys()
    if lacking:
        raise ModelCardMissingError(
            f"{parameter} lacks {', '.join(sorted(lacking))}. {ModelCardMissingError.__doc__}"
        )
    return card


def _require(parameter: str, dataset: Dataset, card: dict[str, Any]) -> dict[str, Any]:
    """Return a complete card of a model that was trained on this dataset."""
    _require_whole(parameter, card)
    if tuple(card["labels"]) != dataset.labels:
        raise OtherClassesError(
            f"The model card has the classes {shorten(card['labels'])}, and the dataset has "
            f"{shorten(dataset.labels)}. {OtherClassesError.__doc__}"
        )
    dataset.require(card.get("data_digest") or None)
    return card
