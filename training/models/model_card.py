"""The model card: what the service must know of the model that an endpoint serves. One SSM parameter holds it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.s3_url import split_s3_url
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
_MISSING = {"404", "NoSuchKey", "NoSuchBucket"}
_DESCRIPTION = "model.json"  # the local cloud's algorithm writes it; that of AWS has no such file
_DESCRIPTION_BYTES = 1_000_000


class ModelMissingError(TrainingError):
    """The model.tar.gz is not in S3: `python -m training train` makes one."""


class BadModelArchiveError(TrainingError):
    """The model is not a gzip-compressed tar archive as a training job writes it."""


class ModelChangedError(TrainingError):
    """The model.tar.gz is no longer what it was: find out who wrote it, and `python -m training train --again`."""


class OtherClassesError(TrainingError):
    """The endpoint serves a model of other classes: use another --environment, or `cleanup`."""


class ModelCardTooLargeError(TrainingError):
    """The class names are too long, or too many, for the SSM parameter that holds the model card."""


@dataclass(frozen=True)
class ModelArchive:
    """A model.tar.gz: its SHA-256, and the backbone that its model.json names, if it has one."""

    digest: str
    backbone: str | None

    def require(self, digest: str | None) -> None:
        """Return if this is the model of that digest (None: who knows).

        Raises:
            ModelChangedError: it is another one.
        """
        if digest is not None and digest != self.digest:
            raise ModelChangedError(
                f"Its digest was {digest} and is {self.digest}. {ModelChangedError.__doc__}"
            )


def inspect_archive(s3: "S3Client", url: str) -> ModelArchive:
    """Read a model.tar.gz from S3, once and without keeping it.

    Raises:
        ModelMissingError: there is none.
        BadModelArchiveError: it is something else, or could harm whoever unpacks it.
    """
    bucket, key = split_s3_url(url)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as exc:
        if code_of(exc) in _MISSING:
            raise ModelMissingError(f"There is no {url}. {ModelMissingError.__doc__}") from exc
        raise
    stream = _Hashed(body)
    try:
        backbone = _backbone(stream)
    except (UnsafeArchiveError, ValueError, KeyError, TypeError) as exc:
        raise BadModelArchiveError(f"{url}: {exc}. {BadModelArchiveError.__doc__}") from exc
    return ModelArchive(f"sha256:{stream.digest.hexdigest()}", backbone)


def model_card(
    endpoint: str, labels: tuple[str, ...], temperature: float, archive: ModelArchive, **facts: Any
) -> dict[str, Any]:
    """The model card of an endpoint.

    Args:
        endpoint: Its name.
        labels: Class names in the order of the model's answer.
        temperature: What calibrates its class probabilities.
        archive: The model.
        **facts: metrics, backbone, training_job and data_digest, for people and the steps to come.

    Raises:
        ModelCardTooLargeError: no parameter can hold it.
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


def model_card_request(parameter: str, card: dict[str, Any]) -> dict[str, Any]:
    """The members of PutParameter. The tier is the free one up to 4 KiB. Tags cannot go with Overwrite."""
    return {
        "Name": parameter,
        "Description": "Model card, written by python -m training deploy",
        "Value": _text(card),
        "Type": "String",
        "Tier": "Intelligent-Tiering",
        "Overwrite": True,
    }


def write_model_card(ssm: "SSMClient", names: Names, card: dict[str, Any]) -> None:
    """Put the model card in place of an earlier one. Raises ModelCardTooLargeError."""
    ssm.put_parameter(**model_card_request(names.model_card, card))
    ssm.add_tags_to_resource(
        ResourceType="Parameter",
        ResourceId=names.model_card,
        Tags=names.tag_list,  # type: ignore[arg-type]
    )


def earlier_model_cards(ssm: "SSMClient", parameter: str) -> Iterator[dict[str, Any]]:
    """Yield what the parameter of the model card has held, the newest first: SSM keeps 100 versions."""
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
    """Read the endpoint's model card; None if it has none."""
    try:
        found = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except ClientError as exc:
        if code_of(exc) == "ParameterNotFound":
            return None
        raise
    card: dict[str, Any] = json.loads(found)
    return card


def require_same_classes(card: Mapping[str, Any] | None, labels: Sequence[str]) -> None:
    """Return unless the card of the model in service has other classes: the service would read new answers with it.

    Raises:
        OtherClassesError: it does.
    """
    if card and card["labels"] != list(labels):
        raise OtherClassesError(
            f"It serves {', '.join(card['labels'])}; the new model {', '.join(labels)}. {OtherClassesError.__doc__}"
        )


def _text(card: dict[str, Any]) -> str:
    text = json.dumps(card, ensure_ascii=False)
    if len(text.encode()) > MAX_BYTES:
        raise ModelCardTooLargeError
    return text


class _Hashed:
    """A stream that digests what is read from it."""

    def __init__(self, body: "StreamingBody") -> None:
        self._body = body
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        chunk = self._body.read(size)
        self.digest.update(chunk)
        return chunk


def _backbone(stream: Stream) -> str | None:
    """The backbone that model.json names. The archive is read to its end, so that all of it is checked and digested."""
    backbone = None
    for file in tar_gz_files(stream, MODEL):
        if str(file.path) == _DESCRIPTION:
            backbone = str(json.loads(file.content(_DESCRIPTION_BYTES))["backbone"]["name"])
    return backbone
