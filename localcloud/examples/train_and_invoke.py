"""Train an image classifier, deploy it and classify an image, with boto3 alone."""

import io
import json

import boto3
from PIL import Image

ALGORITHM = "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
IMAGES = "application/x-image"
NAME = "colours"  # the bucket, the role, the job, the model and the endpoint
WAIT = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 300}}  # boto3's own delays suit AWS
bucket = boto3.resource("s3").Bucket(NAME)
sagemaker = boto3.client("sagemaker")
pictures = {"red": io.BytesIO(), "green": io.BytesIO()}
for colour, file in pictures.items():
    Image.new("RGB", (64, 64), colour).save(file, "PNG")

bucket.create()
channels = []
for split in ("train", "validation"):
    lines = ""
    for number, file in enumerate(list(pictures.values()) * 16):
        bucket.put_object(Key=f"{split}/{number}.png", Body=file.getvalue())
        lines += f"{number}\t{number % 2}\t{number}.png\n"
    bucket.put_object(Key=f"{split}_lst/{split}.lst", Body=lines)
    for name in (split, f"{split}_lst"):
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{NAME}/{name}/"}}
        channels += [{"ChannelName": name, "DataSource": source, "ContentType": IMAGES}]

service = {"Service": "sagemaker.amazonaws.com"}
trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": service}}
use = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{NAME}*"}}
role = boto3.resource("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust))
role.Policy("use").put(PolicyDocument=json.dumps(use))

settings = {"num_classes": "2", "num_training_samples": "32", "resize": "256", "epochs": "3"}
sagemaker.create_training_job(
    TrainingJobName=NAME,
    AlgorithmSpecification={"TrainingImage": ALGORITHM, "TrainingInputMode": "File"},
    HyperParameters=settings,
    InputDataConfig=channels,
    OutputDataConfig={"S3OutputPath": f"s3://{NAME}/models"},
    ResourceConfig={"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 9},
    StoppingCondition={"MaxRuntimeInSeconds": 600},
    RoleArn=role.arn,
)
sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=NAME, **WAIT)

model = {"Image": ALGORITHM, "ModelDataUrl": f"s3://{NAME}/models/{NAME}/output/model.tar.gz"}
sagemaker.create_model(ModelName=NAME, PrimaryContainer=model, ExecutionRoleArn=role.arn)
size = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
variant = {"VariantName": "v1", "ModelName": NAME, **size}
sagemaker.create_endpoint_config(EndpointConfigName=NAME, ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=NAME, **WAIT)
runtime = boto3.client("sagemaker-runtime")
red = pictures["red"].getvalue()
answer = runtime.invoke_endpoint(EndpointName=NAME, ContentType=IMAGES, Body=red)
print(dict(zip(pictures, json.load(answer["Body"]), strict=True)))
