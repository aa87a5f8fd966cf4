"""Read and write the model card, the SSM parameter that describes the endpoint's model.

Class names that do not fit into the parameter are in parameters of their own (`class_list`).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.instances import BUILT_IN, TRANSFER_LEARNING
from cli.names import shorten
from cli.s3_url import split_s3_url
from training.models.class_list import (
    ADVANCED_BYTES,
    ModelCardTooLargeError,
    put_together,
    read_class_list,
    set_aside,
    write_class_list,
)
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

_MISSING = {"404", "NoSuchKey", "NoSuchBucket"}
_DESCRIPTION = "model.json"  # in archives of our algorithm; AWS's algorithm does not write it
_DESCRIPTION_BYTES = 1_000_000
_SPACE = 12  # digits of a digest that name an embedding space


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


@dataclass(frozen=True)
class ModelArchive:
    """A model.tar.gz.

    Args:
        digest: Its SHA-256 digest.
        backbone: The backbone that its model.json names, None without one.
        algorithm: The algorithm that trained it.
        backbone_sha256: The digest of the backbone's file, None if it is unknown.
    """

    digest: str
    backbone: str | None
    algorithm: str = BUILT_IN
    backbone_sha256: str | None = None

    @property
    def embedding_space(self) -> str | None:
        """The name of the space of the model's embeddings, None without verbose answers.

        Models of one backbone have one space, because the projection depends on the backbone
        alone. If the backbone is unknown, the model has a space of its own.
        """
        if self.algorithm != TRANSFER_LEARNING:
            return None
        return (self.backbone_sha256 or self.digest.removeprefix("sha256:"))[:_SPACE]

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
        backbone, algorithm, sha256 = _described(stream)
    except (UnsafeArchiveError, ValueError, KeyError, TypeError) as exc:
        raise BadModelArchiveError(f"{url}: {exc}. {BadModelArchiveError.__doc__}") from exc
    return ModelArchive(f"sha256:{stream.digest.hexdigest()}", backbone, algorithm, sha256)


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
        ModelCardTooLargeError: The card does not fit into SSM parameters.
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
    _stored(card)
    return card


def model_card_request(parameter: str, text: str) -> dict[str, Any]:
    """Return the PutParameter request. AWS refuses tags together with Overwrite.

    Intelligent tiering uses the free standard tier up to 4 KiB.
    """
    return {
        "Name": parameter,
        "Description": "Model card, written by scones deploy",
        "Value": text,
        "Type": "String",
        "Tier": "Intelligent-Tiering",
        "Overwrite": True,
    }


def write_model_card(ssm: "SSMClient", names: Names, card: dict[str, Any]) -> None:
    """Replace the endpoint's model card. Its class lists come first: a card never lacks its list.

    Raises:
        ModelCardTooLargeError: The card does not fit into SSM parameters.
    """
    text, lists = _stored(card)
    for digest, parts in lists.items():
        write_class_list(ssm, names.model_card, digest, parts, names.tag_list)
    ssm.put_parameter(**model_card_request(names.model_card, text))
    ssm.add_tags_to_resource(
        ResourceType="Parameter",
        ResourceId=names.model_card,
        Tags=names.tag_list,  # type: ignore[arg-type]
    )


def earlier_model_cards(
    ssm: "SSMClient", parameter: str, wanted: Callable[[dict[str, Any]], bool]
) -> Iterator[dict[str, Any]]:
    """Yield the wanted stored versions of the model card, newest first. SSM stores 100 versions.

    Args:
        wanted: Chooses a version; the class names of a version are read after it was chosen.

    Raises:
        ClassListError: The class names of a wanted version are missing or damaged.
    """
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=parameter)
    try:
        versions = [version for page in pages for version in page["Parameters"]]
    except ClientError as exc:
        if inventory.is_absent(exc):
            return
        raise
    for version in sorted(versions, key=lambda one: one["Version"], reverse=True):
        card = json.loads(version["Value"])
        if wanted(card):
            yield put_together(card, partial(read_class_list, ssm, parameter))


def read_model_card(ssm: "SSMClient", parameter: str) -> dict[str, Any] | None:
    """Return the endpoint's model card, None if it does not exist.

    Raises:
        ClassListError: The class names of the card are missing or damaged.
    """
    try:
        found = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except ClientError as exc:
        if code_of(exc) == "ParameterNotFound":
            return None
        raise
    card = json.loads(found)
    return put_together(card, partial(read_class_list, ssm, parameter))


def require_same_classes(card: Mapping[str, Any] | None, labels: Sequence[str]) -> None:
    """Refuse a model with other classes than the served model.

    The service would read its answers with the wrong class names.

    Raises:
        OtherClassesError: The classes differ.
    """
    if card and card["labels"] != list(labels):
        raise OtherClassesError(
            f"The endpoint serves the classes {shorten(card['labels'])}, and the new model has "
            f"{shorten(labels)}. {OtherClassesError.__doc__}"
        )


def _stored(card: dict[str, Any]) -> tuple[str, dict[str, list[str]]]:
    """Return the text of the card's parameter, and the parts of its class lists by digest.

    A card that fits into one parameter has no class lists.
    """
    text = json.dumps(card, ensure_ascii=False)
    if len(text.encode()) <= ADVANCED_BYTES:
        return text, {}
    short, lists = set_aside(card)
    text = json.dumps(short, ensure_ascii=False)
    if len(text.encode()) > ADVANCED_BYTES:
        raise ModelCardTooLargeError(
            f"The model card takes {len(text.encode()):,} bytes without its class names, and an "
            f"SSM parameter holds {ADVANCED_BYTES:,}. {ModelCardTooLargeError.__doc__}"
        )
    return text, lists


class _Hashed:
    """A stream that computes the digest of all bytes read from it."""

    def __init__(self, body: "StreamingBody") -> None:
        self._body = body
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        chunk = self._body.read(size)
        self.digest.update(chunk)
        return chunk


def _described(stream: Stream) -> tuple[str | None, str, str | None]:
    """Return the backbone named by model.json, the algorithm, and the digest of the backbone.

    Our algorithm brings its script along. Read the whole archive to check and digest it.
    """
    name = sha256 = None
    algorithm = BUILT_IN
    for file in tar_gz_files(stream, MODEL):
        if file.path.parts[0] == CODE:
            algorithm = TRANSFER_LEARNING
        if str(file.path) == _DESCRIPTION:
            backbone = json.loads(file.content(_DESCRIPTION_BYTES))["backbone"]
            name, sha256 = str(backbone["name"]), backbone.get("sha256")
    return name, algorithm, sha256 if isinstance(sha256, str) and sha256 else None
