# mypy: ignore-errors
"""Run the course's notebook as a script, with version 2 of the SageMaker SDK.

It knows nothing of the local cloud: region, endpoint and role come from the environment, as on AWS.
"""

import json
import time
from pathlib import Path

import boto3
import sagemaker
from sagemaker import image_uris
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model_monitor import DataCaptureConfig
from sagemaker.predictor import Predictor
from sagemaker.s3 import S3Downloader, S3Uploader
from sagemaker.serializers import IdentitySerializer

session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket = session.default_bucket()
region = session.boto_region_name

for split in ("train", "validation"):
    S3Uploader.upload(f"./{split}", f"s3://{bucket}/{split}")
    boto3.Session().resource("s3").Bucket(bucket).Object(f"{split}.lst").upload_file(
        f"./{split}.lst"
    )

image = image_uris.retrieve("image-classification", region, "latest")
classifier = Estimator(
    image_uri=image,
    role=role,
    instance_count=1,
    instance_type="ml.p3.2xlarge",
    output_path=f"s3://{bucket}/models/image_model",
    sagemaker_session=session,
)
classifier.set_hyperparameters(
    num_layers=18,
    use_pretrained_model=1,
    image_shape="3,224,224",
    resize=256,
    num_classes=2,
    num_training_samples=len(list(Path("train").iterdir())),
    epochs=2,
    learning_rate=0.01,
    mini_batch_size=4,
)


def channel(key: str) -> TrainingInput:
    return TrainingInput(s3_data=f"s3://{bucket}/{key}", content_type="application/x-image")


classifier.fit(
    {
        "train": channel("train/"),
        "validation": channel("validation/"),
        "train_lst": channel("train.lst"),
        "validation_lst": channel("validation.lst"),
    }
)
print("fit has returned")

attached = Estimator.attach(classifier.latest_training_job.name)

deployment = classifier.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.xlarge",
    data_capture_config=DataCaptureConfig(
        enable_capture=True,
        sampling_percentage=100,
        destination_s3_uri=f"s3://{bucket}/data_capture",
    ),
)

predictor = Predictor(deployment.endpoint_name)
predictor.serializer = IdentitySerializer("image/png")
probabilities = json.loads(predictor.predict(Path("picture.png").read_bytes()))

captured = []
while not captured:
    time.sleep(1)
    S3Downloader.download(f"s3://{bucket}/data_capture", "captured_data")
    captured = [
        json.loads(line) for path in Path("captured_data").rglob("*.jsonl") for line in path.open()
    ]

predictor.delete_endpoint()

Path("result.json").write_text(
    json.dumps(
        {
            "role": role,
            "bucket": bucket,
            "image": image,
            "job": classifier.latest_training_job.name,
            "model_data": classifier.model_data,
            "attached_model_data": attached.model_data,
            "attached_hyperparameters": attached.hyperparameters(),
            "probabilities": probabilities,
            "captured": captured[0]["captureData"],
        }
    )
)
