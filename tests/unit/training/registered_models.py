"""A stage whose models are in the registry of moto's account, and answers that follow a seed."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from training.dataset.answer import Answer
from training.dataset.dataset import SPLITS, Dataset, StagedImage
from training.jobs.registration import register_trained
from training.models.registry import ModelRegistry, Package
from training.steps.context import Context

LABELS = ["automobile", "truck"]
TEST_IMAGES = 400
SIZES = {"test": TEST_IMAGES}


def listed(split: str, size: int) -> str:
    """An image list, as `stage` writes it."""
    return "".join(f"{n}\t{n % 2}\t{LABELS[n % 2]}/{split}{n:04}.png\n" for n in range(size))


def archive(content: str) -> bytes:
    """A model.tar.gz."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo(content)
        tar.addfile(member)
    return packed.getvalue()


@dataclass
class FakeComparison:
    """Models with a given accuracy; a seed chooses the images with a right answer."""

    accuracies: Mapping[int, float]
    seed: int = 0
    images: list[StagedImage] = field(default_factory=list)

    def answers(
        self, packages: Sequence[Package], images: Sequence[StagedImage]
    ) -> Mapping[int, list[Answer]]:
        self.images = list(images)
        return {package.version: list(self._answers(package.version)) for package in packages}

    def _answers(self, version: int) -> list[Answer]:
        right = (
            np.random.default_rng([self.seed, version]).random(len(self.images))
            < self.accuracies[version]
        )
        predictions = [
            image.label if one else 1 - image.label
            for image, one in zip(self.images, right, strict=True)
        ]
        return [
            Answer(image, (1.0 - prediction, float(prediction)), 1.0, "v")
            for image, prediction in zip(self.images, predictions, strict=True)
        ]


@pytest.fixture
def staged_context(context: Context) -> Context:
    """The context of a run with a dataset."""
    s3 = context.aws.s3
    s3.create_bucket(Bucket="photos")
    for split in SPLITS:
        body = listed(split, SIZES.get(split, 8)).encode()
        s3.put_object(Bucket="photos", Key=f"datasets/cars/{split}_lst/{split}.lst", Body=body)
    counts = {split: dict.fromkeys(LABELS, SIZES.get(split, 8) // 2) for split in SPLITS}
    context.run.begin("stage")
    context.run.done(
        "stage",
        {
            "bucket": "photos",
            "prefix": "datasets/cars",
            "labels": LABELS,
            "counts": counts,
            "digest": "sha256:data",
            "recordio": False,
        },
    )
    return context


@pytest.fixture
def staged_dataset(staged_context: Context) -> Dataset:
    """The dataset of the run."""
    return Dataset.of(staged_context.run)


def register_again(context: Context, earlier_model: str | None = None) -> Package:
    """Register the run's model, and find it in the registry."""
    registry, dataset = ModelRegistry(context.aws, context.names), Dataset.of(context.run)
    result = register_trained(registry, context.run, context.console, dataset, earlier_model)
    return registry.find_package(result["model_package"]["version"])


@pytest.fixture
def registry(staged_context: Context) -> ModelRegistry:
    """The model registry of the environment."""
    return ModelRegistry(staged_context.aws, staged_context.names)


@pytest.fixture
def registered(staged_context: Context) -> Callable[..., Package]:
    """Train and register a model with this content, earlier model and changed results."""

    def made(content: str, earlier_model: str | None = None, **changed: Any) -> Package:
        body, folder = archive(content), f"models/{content}/output"
        staged_context.aws.s3.put_object(Bucket="photos", Key=f"{folder}/model.tar.gz", Body=body)
        trained = {
            "training_job": f"job-{content}",
            "model_data": f"s3://photos/{folder}/model.tar.gz",
            "model_digest": f"sha256:{sha256(body).hexdigest()}",
            "image": "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
            "role": "arn:aws:iam::123456789012:role/sagemaker",
            "dataset_digest": "sha256:data",
            "labels": LABELS,
            "backbone": "ResNet-18",
            "hyperparameters": {"num_layers": "18"},
            "metrics": {"validation:accuracy": 0.94},
        }
        staged_context.run.begin("train")
        staged_context.run.done("train", json.loads(json.dumps(trained | changed)))
        return register_again(staged_context, earlier_model)

    return made
