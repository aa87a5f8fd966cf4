"""The calls that SageMaker makes in the role of stacks/training.yaml, each with its source.

`<...>` stands for any text.
"""

from collections.abc import Iterator

from localcloud.server.settings import ACCOUNT, REGION
from tests.security.rights.policies import DATA_KEY, STACK, TRAINING_BUCKET, VOLUME_KEY
from tests.workflow.least_privilege.policies import Call

ROLE = "SageMakerRole"
# Namespaces in "Amazon SageMaker AI metrics in Amazon CloudWatch": the first two for instances,
# the third for invocations.
NAMESPACES = ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/Endpoints", "AWS/SageMaker")


def calls() -> Iterator[Call]:
    """Yield all of them."""
    yield from _of_jobs_and_models()
    yield from _with_keys()
    # SageMaker's containers look up the bucket's region: aws/amazon-sagemaker-examples, issue 606.
    yield Call(ROLE, "s3:GetBucketLocation", TRAINING_BUCKET)
    # SageMaker AI developer guide, "Auto-Rollback Configuration and Monitoring".
    for name in ("<config>-errors", "<config>-latency", "failed-executions"):
        alarm = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{STACK.name}-{name}"
        yield Call(ROLE, "cloudwatch:DescribeAlarms", alarm)


def _of_jobs_and_models() -> Iterator[Call]:
    """Return the calls for CreateTrainingJob and CreateModel.

    Source: SageMaker AI developer guide, "How to use SageMaker AI execution roles".
    """
    yield Call(ROLE, "s3:ListBucket", TRAINING_BUCKET)
    yield Call(ROLE, "s3:GetObject", f"{TRAINING_BUCKET}/<key>")
    for folder in (
        "models",
        "checkpoints",
        "captured",
    ):  # training/jobs/training_request.py, training/endpoint/request.py
        yield Call(ROLE, "s3:PutObject", f"{TRAINING_BUCKET}/{folder}/<key>")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/<group>"
    for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents"):
        yield Call(ROLE, f"logs:{action}", group)
    for namespace in NAMESPACES:
        yield Call(
            ROLE, "cloudwatch:PutMetricData", "*", frozenset({("cloudwatch:namespace", namespace)})
        )
    yield Call(ROLE, "ecr:GetAuthorizationToken", "*")
    # Amazon ECR paths of the algorithms: another account in each region.
    image = f"arn:aws:ecr:{REGION}:<account>:repository/image-classification"
    for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
        yield Call(ROLE, f"ecr:{action}", image)


def _with_keys() -> Iterator[Call]:
    """docs/decisions.md, "the training stack grants its role the requested keys"."""
    # S3, "Using server-side encryption with AWS KMS keys": the bucket, or the object without a
    # bucket key.
    for arn in (TRAINING_BUCKET, f"{TRAINING_BUCKET}/<key>"):
        sent = frozenset(
            {
                ("kms:viaservice", f"s3.{REGION}.amazonaws.com"),
                ("kms:encryptioncontext:aws:s3:arn", arn),
            }
        )
        yield from (
            Call(ROLE, f"kms:{action}", DATA_KEY, sent) for action in ("Decrypt", "GenerateDataKey")
        )
    yield Call(ROLE, "kms:Encrypt", DATA_KEY)
    yield Call(
        ROLE, "kms:CreateGrant", VOLUME_KEY, frozenset({("kms:grantisforawsresource", "true")})
    )
