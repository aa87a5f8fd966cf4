"""Copy a model, its metrics and the record of its data to one prefix in S3, with a manifest."""

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from rich.filesize import decimal

from cli.aws import code_of
from cli.s3_url import split_s3_url
from training.dataset.dataset import SPLITS, Dataset
from training.models.model_card import read_model_card
from training.models.registry import FACTS
from training.project.errors import TrainingError
from training.steps.context import Context

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HELP = "copy the model, its metrics and the record of its data to S3"
MANIFEST = "manifest.json"


class ArchiveSourceMissingError(TrainingError):
    """A file of the archive is missing in its recorded place."""


@dataclass(frozen=True)
class Source:
    """A file of the archive: an object in S3, or bytes in memory."""

    name: str
    place: tuple[str, str] | None = None
    content: bytes = b""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    parser.add_argument(
        "--to", metavar="URL", help="s3://bucket/prefix (default: archive/ in the run's bucket)"
    )


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Copy the files, then write the manifest. An archive without a manifest is incomplete.

    Raises:
        StepNotDoneError: The run has no dataset or no model.
        OtherDatasetError: The model was trained on another dataset.
        ArchiveSourceMissingError: A file of the archive is missing.
    """
    dataset = Dataset.of(context.run)
    trained = context.run.result("train")
    dataset.require(trained["dataset_digest"])
    bucket, prefix = split_s3_url(options.to or f"s3://{dataset.bucket}/archive")
    prefix = f"{prefix}/{context.names.run}-{trained['training_job']}"
    context.run.begin("archive", to=f"s3://{bucket}/{prefix}")

    files = {}
    card = read_model_card(context.aws.ssm, context.names.model_card)
    for source in _sources(context, dataset, trained, card):
        context.console.print(f"Archiving {source.name}")
        files[source.name] = _put(context.aws.s3, source, bucket, f"{prefix}/{source.name}")

    manifest = {
        **context.names.tags,
        "training_job": trained["training_job"],
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": files,
    }
    _put(context.aws.s3, Source(MANIFEST, content=_json(manifest)), bucket, f"{prefix}/{MANIFEST}")
    result = {
        "archive": f"s3://{bucket}/{prefix}/",
        "manifest": f"s3://{bucket}/{prefix}/{MANIFEST}",
        "files": files,
    }
    context.run.done("archive", result)
    size = sum(file["bytes"] for file in files.values())
    context.console.print(f"Archive: {result['archive']} ({len(files)} files, {decimal(size)})")
    return result


def _sources(
    context: Context, dataset: Dataset, trained: dict[str, Any], card: dict[str, Any] | None
) -> Iterator[Source]:
    yield Source("model.tar.gz", split_s3_url(trained["model_data"]))
    # Later models that start from this model need the list of its training images.
    if trained.get("model_package"):
        folder, _, _ = trained["model_data"].rpartition("/")
        yield Source(FACTS, split_s3_url(f"{folder}/{FACTS}"))
    yield Source("hyperparameters.json", content=_json(trained["hyperparameters"]))
    lists = (f"{split}_lst/{split}.lst" for split in SPLITS if dataset.size(split))
    for name in ("dataset.json", "labels.json", *lists):
        yield Source(f"dataset/{Path(name).name}", (dataset.bucket, f"{dataset.prefix}/{name}"))
    if card and card.get("training_job") == trained["training_job"]:
        yield Source("model_card.json", content=_json(card))
        if evaluated := context.run.find("evaluate"):
            metrics, report = (_read(Path(evaluated[name])) for name in ("metrics_file", "report"))
            if json.loads(metrics)["model"] == card["model_digest"]:  # not an earlier model's
                yield Source("metrics.json", content=metrics)
                yield Source("report.html", content=report)
    yield Source("run.json", content=context.run.path.read_bytes())


def _put(s3: "S3Client", source: Source, bucket: str, key: str) -> dict[str, Any]:
    """Copy or write one file; return its size in bytes and its SHA-256."""
    if source.place is None:
        s3.put_object(Bucket=bucket, Key=key, Body=source.content)
        return {"bytes": len(source.content), "sha256": hashlib.sha256(source.content).hexdigest()}
    try:
        s3.copy({"Bucket": source.place[0], "Key": source.place[1]}, bucket, key)
    except ClientError as exc:
        if code_of(exc) not in ("404", "NoSuchKey", "NoSuchBucket"):
            raise
        where = f"s3://{source.place[0]}/{source.place[1]}"
        raise ArchiveSourceMissingError(
            f"{where} or the bucket s3://{bucket} does not exist. The other files are unchanged. "
            "Create the bucket, or run `scones train --again` for a new model."
        ) from exc

    # The digest covers the copy. S3's own checksum of a multipart upload covers only its parts.
    digest = hashlib.sha256()
    size = 0
    for chunk in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1 << 20):
        digest.update(chunk)
        size += len(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ArchiveSourceMissingError(
            f"{path}: {exc.strerror}. `scones evaluate` creates it."
        ) from exc


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()
