"""Read and write the model card, the SSM parameter that describes the endpoint's model."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.instances import BUILT_IN, TRANSFER_LEARNING
from cli.s3_url import split_s3_url
from training.models.containers import CODE
from training.project import inventory
from training.project.errors import TrainingError
from training.project.naming import Names
from untrusted.archive import MODEL, Stream, UnsafeArchiveError
from untrusted.tar import tar_gz_files

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

MAX_BYTES = 8192  # of an SSM parameter of the advanced tier
# Of a card with the longest names, a threshold and a guarantee, but without its class names.
MOST_OTHER_BYTES = 1536
_MISSING = {"404", "NoSuchKey", "NoSuchBucket"}
_DESCRIPTION = "model.json"  # in archives of our algorithm; AWS's algorithm does not write it
_DESCRIPTION_BYTES = 1_000_000


class ModelMissingError(TrainingError):
    """Run `scones train`: the model.tar.gz is missing in S3."""


class BadModelArchiveError(TrainingError):
    """Use the gzip-compressed tar archive that a training job writes."""


class ModelChangedError(TrainingError):
    """Find out who replaced the model.tar.gz, then run `scones train --again`."""


class OtherAlgorithmError(TrainingError):
    """Use a model of the same algorithm: no container serves or continues the other's models."""


class OtherClassesError(TrainingError):
    """Give the new model a --project of its own: docs/training.md, "Add a class"."""


class ModelCardTooLargeError(TrainingError):
    """Shorten the class names or use fewer: the model card does not fit into an SSM parameter."""


@dataclass(frozen=True)
class ModelArchive:
    """SHA-256 digest of a model.tar.gz, its algorithm, and the backbone of model.json, if any."""

    digest: str
    backbone: str | None
    algorithm: str = BUILT_IN

    def require(self, digest: str | None) -> None:
        """Refuse an archive with another digest. Without an expected digest any archive passes.

        Raises:
            ModelChangedError: The archive has another digest.
        """
        if digest is not None and digest != self.digest:
            raise ModelChangedError(
                f"Its digest was {digest} and is {self.digest}. {ModelChangedError.__doc__}"
            )

    def require_algorithm(self, algorithm: str) -> None:
        """Refuse an archive of the other algorithm.

        Raises:
            OtherAlgorithmError: The archive has a script and should not, or the reverse.
        """
        if algorithm != self.algorithm:
            raise OtherAlgorithmError(
                f"The model.tar.gz is of --algorithm {self.algorithm}, and {algorithm} is needed. "
                f"{OtherAlgorithmError.__doc__}"
            )


def inspect_archive(s3: "S3Client", url: str) -> ModelArchive:
    """Read a model.tar.gz from S3, once and without writing it to disk.

    Raises:
        ModelMissingError: The archive does not exist.
        BadModelArchiveError: The object is not a tar archive, or is unsafe to unpack.
    """
    bucket, key = split_s3_url(url)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as exc:
        if code_of(exc) in _MISSING:
            raise ModelMissingError(f"{url} does not exist. {ModelMissingError.__doc__}") from exc
        raise

    stream = _Hashed(body)
    try:
        backbone, algorithm = _described(stream)
    except (UnsafeArchiveError, ValueError, KeyError, TypeError) as exc:
        raise BadModelArchiveError(f"{url}: {exc}. {BadModelArchiveError.__doc__}") from exc
    return ModelArchive(f"sha256:{stream.digest.hexdigest()}", backbone, algorithm)


def model_card(
    endpoint: str, labels: tuple[str, ...], temperature: float, archive: ModelArchive, **facts: Any
) -> dict[str, Any]:
    """Return the model card of an endpoint.

    Args:
        endpoint: Name of the endpoint.
        labels: Class names in the order of the model's answer.
        temperature: Calibrates the class probabilities.
        archive: The model.
        **facts: metrics, backbone, training_job and data_digest, for people and later steps.

    Raises:
        ModelCardTooLargeError: The card does not fit into an SSM parameter.
    """
    card = {
        "endpoint": endpoint,
        "labels": list(labels),
        "temperature": temperature,
        "recommended_threshold": None,
        **facts,
        "model_digest": archive.digest,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _text(card)
    return card


def require_room(labels: Sequence[str]) -> None:
    """Refuse classes whose names do not fit into a model card, before anything is trained.

    Raises:
        ModelCardTooLargeError: The names are too long together.
    """
    size = len(json.dumps(list(labels), ensure_ascii=False).encode())
    room = MAX_BYTES - MOST_OTHER_BYTES
    if size > room:
        raise ModelCardTooLargeError(
            f"The names of the {len(labels):,} classes take {size:,} bytes, and the model card has "
            f"room for {room:,}, about {len(labels) * room // size:,} classes. "
            f"{ModelCardTooLargeError.__doc__}"
        )


def model_card_request(parameter: str, card: dict[str, Any]) -> dict[str, Any]:
    """Return the PutParameter request. AWS refuses tags together with Overwrite.

    Intelligent tiering uses the free standard tier up to 4 KiB.
    """
    return {
        "Name": parameter,
        "Description": "Model card, written by scones deploy",
        "Value": _text(card),
        "Type": "String",
        "Tier": "Intelligent-Tiering",
        "Overwrite": True,
    }


def write_model_card(ssm: "SSMClient", names: Names, card: dict[str, Any]) -> None:
    """Replace the endpoint's model card.

    Raises:
        ModelCardTooLargeError: The card does not fit into an SSM parameter.
    """
    ssm.put_parameter(**model_card_request(names.model_card, card))
    ssm.add_tags_to_resource(
        ResourceType="Parameter",
        ResourceId=names.model_card,
        Tags=names.tag_list,  # type: ignore[arg-type]
    )


def earlier_model_cards(ssm: "SSMClient", parameter: str) -> Iterator[dict[str, Any]]:
    """Yield all stored versions of the model card, newest first. SSM stores 100 versions."""
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=parameter)
    try:
        versions = [version for page in pages for version in page["Parameters"]]
    except ClientError as exc:
        if inventory.is_absent(exc):
            return
        raise
    for version in sorted(versions, key=lambda one: one["Version"], reverse=True):
        yield json.loads(version["Value"])


def read_model_card(ssm: "SSMClient", parameter: str) -> dict[str, Any] | None:
    """Return the endpoint's model card, None if it does not exist."""
    try:
        found = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except ClientError as exc:
        if code_of(exc) == "ParameterNotFound":
            return None
        raise
    card: dict[str, Any] = json.loads(found)
    return card


def require_same_classes(card: Mapping[str, Any] | None, labels: Sequence[str]) -> None:
    """Refuse a model with other classes than the served model.

    The service would read its answers with the wrong class names.

    Raises:
        OtherClassesError: The classes differ.
    """
    if card and card["labels"] != list(labels):
        served = ", ".join(card["labels"])
        raise OtherClassesError(
            f"The endpoint serves the classes {served}, and the new model has {', '.join(labels)}. "
            f"{OtherClassesError.__doc__}"
        )


def _text(card: dict[str, Any]) -> str:
    text = json.dumps(card, ensure_ascii=False)
    if len(text.encode()) > MAX_BYTES:
        raise ModelCardTooLargeError
    return text


class _Hashed:
    """A stream that computes the digest of all bytes read from it."""

    def __init__(self, body: "StreamingBody") -> None:
        self._body = body
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        chunk = self._body.read(size)
        self.digest.update(chunk)
        return chunk


def _described(stream: Stream) -> tuple[str | None, str]:
    """Return the backbone named by model.json, and the algorithm: ours brings its script along.

    Read the whole archive to check and digest it.
    """
    backbone = None
    algorithm = BUILT_IN
    for file in tar_gz_files(stream, MODEL):
        if file.path.parts[0] == CODE:
            algorithm = TRANSFER_LEARNING
        if str(file.path) == _DESCRIPTION:
            backbone = str(json.loads(file.content(_DESCRIPTION_BYTES))["backbone"]["name"])
    return backbone, algorithm
