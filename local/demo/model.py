"""Train the demo's model on the sample images and serve it from a SageMaker endpoint, with its model card."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from local.algorithm import model as trained
from local.algorithm.calibration import fit_temperature
from local.demo.errors import TrainingFailedError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_ssm import SSMClient

    from local.server.cloud import Cloud

ENDPOINT = "scones-unlimited"
BUCKET = "scones-unlimited-models"
SAMPLES = Path("local/sample_images")
EPOCHS = 30  # the algorithm's default; the validation accuracy settles well before
# The built-in default, 0.1, is made for whole networks; for a head alone a small step is enough.
LEARNING_RATE = 0.003
# SageMaker wants both; the local one neither assumes the role nor pulls the image.
ROLE = "arn:aws:iam::000000000000:role/scones-unlimited-model"
CONTAINER = "000000000000.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"


@dataclass(frozen=True)
class TrainedModel:
    """A packed model, and the model card for an endpoint that serves it."""

    archive: Path
    card: dict[str, Any]

    @property
    def name(self) -> str:
        """A name for the model and its endpoint configuration that changes with the model."""
        return f"{ENDPOINT}-{self.card['model_digest'].removeprefix('sha256:')[:12]}"


def labels() -> list[str]:
    """The classes of the sample images, in the order of their indices."""
    return sorted(path.name for path in (SAMPLES / "train").iterdir() if path.is_dir())


def train(folder: Path, on_epoch: Callable[[int], None]) -> TrainedModel:
    """Train in `folder`, which becomes a training container's /opt/ml, or take what an earlier call left there.

    Calls `on_epoch` with the number of epochs done. Raises TrainingFailedError.
    """
    data_digest = digest(*sorted(path for split in ("train", "validation") for path in (SAMPLES / split).glob("*/*")))
    card_file = folder / "model_card.json"
    if card_file.exists():
        card = json.loads(card_file.read_text())
        if card["data_digest"] == data_digest:
            return TrainedModel(folder / "model.tar.gz", card)
    shutil.rmtree(folder, ignore_errors=True)
    stage(folder / "input")
    run_training(folder, on_epoch)
    archive = trained.pack(folder / "model", folder / "model.tar.gz")
    card = {
        "endpoint": ENDPOINT,
        "labels": labels(),
        "temperature": temperature(folder),
        "recommended_threshold": None,
        "metrics": json.loads((folder / "model/model.json").read_text())["metrics"]["validation"],
        "data_digest": data_digest,
        "model_digest": digest(archive),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    card_file.write_text(json.dumps(card, indent=2))
    return TrainedModel(archive, card)


def stage(folder: Path) -> None:
    """Lay out the channels and the hyperparameters as SageMaker does for the image-classification algorithm.

    The algorithm reads JPEG and PNG. As PNG the images have the very pixels that the service would hand to the
    endpoint, since the service, too, encodes small images without loss.
    """
    counts = {}
    for split in ("train", "validation"):
        lines = []
        for number, path in enumerate(sorted((SAMPLES / split).glob("*/*"))):
            name = f"{path.parent.name}/{path.stem}.png"
            target = folder / "data" / split / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with Image.open(path) as image:
                image.convert("RGB").save(target)
            lines.append(f"{number}\t{labels().index(path.parent.name)}\t{name}\n")
        (folder / f"data/{split}_lst").mkdir()
        (folder / f"data/{split}_lst/{split}.lst").write_text("".join(lines))
        counts[split] = len(lines)
    hyperparameters = {
        "num_classes": len(labels()),
        "num_training_samples": counts["train"],
        "epochs": EPOCHS,
        "learning_rate": LEARNING_RATE,
    }
    (folder / "config").mkdir()
    strings = {name: str(value) for name, value in hyperparameters.items()}
    (folder / "config/hyperparameters.json").write_text(json.dumps(strings))


def run_training(folder: Path, on_epoch: Callable[[int], None]) -> None:
    """Run the algorithm as a training job would. Raises TrainingFailedError."""
    command = [sys.executable, "-m", "local.algorithm.train", str(folder)]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as job:
        for line in job.stdout or ():
            lines.append(line)
            if match := re.search(r"Epoch\[(\d+)\] Validation-accuracy", line):
                on_epoch(int(match[1]) + 1)
    if job.returncode:
        raise TrainingFailedError("".join(lines[-10:]))


def temperature(folder: Path) -> float:
    """Fit the temperature on the validation images, which the head was not fitted to."""
    model = trained.load(folder / "model")
    images = sorted((folder / "input/data/validation").glob("*/*"))
    probabilities = np.array([model.classify(path.read_bytes()) for path in images])
    return fit_temperature(probabilities, np.array([labels().index(path.parent.name) for path in images]))


def ensure_endpoint(cloud: "Cloud", folder: Path, on_epoch: Callable[[int], None] = lambda _: None) -> TrainedModel:
    """Have the endpoint serve the demo's model and its model card tell so; train and deploy only what is missing."""
    model = train(folder, on_epoch)
    deploy(cloud.client("s3"), cloud.client("sagemaker"), model)
    write_model_card(cloud.client("ssm"), model)
    return model


def deploy(s3: "S3Client", sagemaker: "SageMakerClient", model: TrainedModel) -> None:
    """Create or update the endpoint, unless it serves this model already, and wait until it is in service."""
    serving = {
        endpoint["EndpointName"]: sagemaker.describe_endpoint(EndpointName=endpoint["EndpointName"])
        for endpoint in sagemaker.list_endpoints(NameContains=ENDPOINT)["Endpoints"]
    }
    endpoint = serving.get(ENDPOINT)
    if endpoint and (endpoint["EndpointConfigName"], endpoint["EndpointStatus"]) == (model.name, "InService"):
        return
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(model.archive), BUCKET, f"{model.name}/model.tar.gz")
    container = {"Image": CONTAINER, "ModelDataUrl": f"s3://{BUCKET}/{model.name}/model.tar.gz"}
    # An earlier run may have ended between these; both names change with the model, so what is there is the same.
    if not sagemaker.list_models(NameContains=model.name)["Models"]:
        sagemaker.create_model(ModelName=model.name, ExecutionRoleArn=ROLE, PrimaryContainer=container)  # type: ignore[arg-type]
    if not sagemaker.list_endpoint_configs(NameContains=model.name)["EndpointConfigs"]:
        sagemaker.create_endpoint_config(
            EndpointConfigName=model.name,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": model.name,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
        )
    if endpoint and endpoint["EndpointStatus"] == "Failed":
        sagemaker.delete_endpoint(EndpointName=ENDPOINT)
        endpoint = None
    change = sagemaker.update_endpoint if endpoint else sagemaker.create_endpoint
    change(EndpointName=ENDPOINT, EndpointConfigName=model.name)
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=ENDPOINT, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def write_model_card(ssm: "SSMClient", model: TrainedModel) -> None:
    """Tell the service what it must know of the endpoint's model."""
    name = f"/scones-unlimited/endpoints/{ENDPOINT}"
    ssm.put_parameter(Name=name, Value=json.dumps(model.card), Type="String", Overwrite=True)


def digest(*paths: Path) -> str:
    """A digest of files' names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path.name).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{total.hexdigest()}"
