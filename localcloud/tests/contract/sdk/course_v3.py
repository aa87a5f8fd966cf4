# mypy: ignore-errors
"""The course's path with version 3 of the SageMaker SDK: ModelTrainer, then ModelBuilder.

It knows nothing of the local cloud: region, endpoint and role come from the environment, as on AWS.
"""

import json
import time
from pathlib import Path

import boto3
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.model_monitor.data_capture_config import DataCaptureConfig
from sagemaker.core.s3 import S3Downloader, S3Uploader
from sagemaker.core.shapes import OutputDataConfig
from sagemaker.core.training.configs import Compute, InputData
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer

session = Session()
role = get_execution_role()
bucket = session.default_bucket()
region = session.boto_region_name

for split in ("train", "validation"):
    S3Uploader.upload(f"./{split}", f"s3://{bucket}/{split}")
    boto3.Session().resource("s3").Bucket(bucket).Object(f"{split}.lst").upload_file(
        f"./{split}.lst"
    )


def channel(name: str, key: str) -> InputData:
    return InputData(
        channel_name=name, data_source=f"s3://{bucket}/{key}", content_type="application/x-image"
    )


image = image_uris.retrieve("image-classification", region, version="1")
trainer = ModelTrainer(
    training_image=image,
    role=role,
    base_job_name="image-classification",
    compute=Compute(instance_type="ml.p3.2xlarge", instance_count=1),
    output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/models/image_model"),
    hyperparameters={
        "num_layers": 18,
        "use_pretrained_model": 1,
        "image_shape": "3,224,224",
        "resize": 256,
        "num_classes": 2,
        "num_training_samples": len(list(Path("train").iterdir())),
        "epochs": 2,
        "learning_rate": 0.01,
        "mini_batch_size": 4,
    },
)
trainer.train(
    input_data_config=[
        channel("train", "train/"),
        channel("validation", "validation/"),
        channel("train_lst", "train.lst"),
        channel("validation_lst", "validation.lst"),
    ]
)
print("train has returned")

builder = ModelBuilder(model=trainer, image_uri=image, role_arn=role, instance_type="ml.m5.xlarge")
builder.build()
endpoint = builder.deploy(
    endpoint_name=f"image-classification-{int(time.time())}",
    initial_instance_count=1,
    instance_type="ml.m5.xlarge",
    data_capture_config=DataCaptureConfig(
        enable_capture=True,
        sampling_percentage=100,
        destination_s3_uri=f"s3://{bucket}/data_capture",
    ),
)
answer = endpoint.invoke(body=Path("picture.png").read_bytes(), content_type="image/png")
probabilities = json.loads(answer.body.read())

captured = []
while not captured:
    time.sleep(1)
    S3Downloader.download(f"s3://{bucket}/data_capture/{endpoint.endpoint_name}", "captured_data")
    captured = [
        json.loads(line) for path in Path("captured_data").rglob("*.jsonl") for line in path.open()
    ]

endpoint.delete()

job = trainer._latest_training_job  # as the SDK's own examples read it
Path("result.json").write_text(
    json.dumps(
        {
            "role": role,
            "bucket": bucket,
            "image": image,
            "job": job.training_job_name,
            "model_data": job.model_artifacts.s3_model_artifacts,
            "probabilities": probabilities,
            "captured": captured[0]["captureData"],
        }
    )
)
