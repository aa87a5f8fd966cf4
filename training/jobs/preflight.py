"""What would make a training job fail minutes later, checked before anything is created."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import Aws, PermissionMissingError, code_of, explain
from cli.s3_url import split_s3_url
from training.dataset.dataset import TRAIN, VALIDATION, Dataset
from training.jobs.plan import EarlierModelError, Plan, RoleMissingError
from training.models.registry import find_ancestry
from training.project.bucket import require_bucket
from training.project.errors import TrainingError
from untrusted.console import Console

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

SAGEMAKER = "sagemaker.amazonaws.com"
# https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html, "EC2 Instance Recommendation": GPUs only.
GPU_FAMILIES = ("p2", "p3", "g4dn", "g5")
WITH_LOCAL_DISKS = ("g4dn", "g5")


class TooFewClassesError(TrainingError):
    """A classifier needs at least two classes: stage the images of another one too."""


class EmptyClassError(TrainingError):
    """Every class needs images for training and for validation: stage more of them."""


class TooFewImagesError(TrainingError):
    """Training and validation need mini_batch_size images each: stage more, or lower --mini-batch-size."""


class ResizeMissingError(TrainingError):
    """The algorithm needs `resize` for a dataset of image files: give --resize 256."""


class DatasetNotAsStagedError(TrainingError):
    """The dataset in S3 is not the one that run.json knows: run `scones stage` again."""


class RoleTrustError(TrainingError):
    """SageMaker may not work as the role: its trust policy must allow sts:AssumeRole to sagemaker.amazonaws.com."""


class InstanceTypeError(TrainingError):
    """The algorithm trains on GPUs of the families p2, p3, g4dn and g5: ml.g4dn.xlarge is the cheapest."""


class VolumeKeyError(TrainingError):
    """g4dn and g5 have disks of their own, which the hardware encrypts without a key: leave --volume-kms-key out."""


def preflight(aws: Aws, plan: Plan, console: Console) -> None:
    """Check all of it.

    Raises:
        TrainingError: a named one for the first thing that is wrong.
    """
    check_counts(plan.dataset, int(plan.hyperparameters["mini_batch_size"]))
    check_resize(plan)
    check_machine(plan)
    require_bucket(aws, plan.dataset.bucket)
    check_dataset(aws.s3, plan.dataset)
    check_role(aws.iam, plan.role, console)
    if plan.earlier_model:
        check_earlier_model(aws.s3, plan.earlier_model, console)


def check_counts(dataset: Dataset, mini_batch_size: int) -> None:
    """Refuse a dataset that the algorithm cannot train with."""
    if len(dataset.labels) < 2:
        raise TooFewClassesError(
            f"The dataset has only {', '.join(dataset.labels)}. {TooFewClassesError.__doc__}"
        )
    for split in (TRAIN, VALIDATION):
        empty = [label for label in dataset.labels if not dataset.counts[split].get(label)]
        if empty:
            raise EmptyClassError(
                f"No {split} images of {', '.join(empty)}. {EmptyClassError.__doc__}"
            )
        if dataset.size(split) < mini_batch_size:
            short = f"{dataset.size(split)} {split} images, mini_batch_size is {mini_batch_size}."
            raise TooFewImagesError(f"{short} {TooFewImagesError.__doc__}")


def check_resize(plan: Plan) -> None:
    """Refuse a dataset of image files without the hyperparameter `resize`; RecordIO may do without."""
    # https://docs.aws.amazon.com/sagemaker/latest/dg/IC-Hyperparameter.html:
    # "Required when using image content types".
    if not plan.dataset.recordio and "resize" not in plan.hyperparameters:
        raise ResizeMissingError


def check_machine(plan: Plan) -> None:
    """Refuse an instance type without a GPU that the algorithm knows, and a key for a volume that is not there."""
    named = re.fullmatch(r"ml\.([a-z0-9]+)\.[a-z0-9]+", plan.instance_type)
    if not named or named[1] not in GPU_FAMILIES:
        raise InstanceTypeError(
            f"--instance-type is {plan.instance_type}. {InstanceTypeError.__doc__}"
        )
    if plan.volume_kms_key and named[1] in WITH_LOCAL_DISKS:
        raise VolumeKeyError


def check_dataset(s3: "S3Client", dataset: Dataset) -> None:
    """Refuse a dataset that has changed since it was staged, or is not complete."""
    where = f"s3://{dataset.bucket}/{dataset.prefix}"
    try:
        body = s3.get_object(Bucket=dataset.bucket, Key=f"{dataset.prefix}/dataset.json")[
            "Body"
        ].read()
        listed = len(dataset.images(s3, TRAIN))
    except ClientError as exc:
        if code_of(exc) == "NoSuchKey":
            raise DatasetNotAsStagedError(
                f"{where} is not complete. {DatasetNotAsStagedError.__doc__}"
            ) from exc
        raise
    if json.loads(body).get("digest") != dataset.digest:
        raise DatasetNotAsStagedError(
            f"{where} has another digest. {DatasetNotAsStagedError.__doc__}"
        )
    if listed != dataset.size(TRAIN):
        raise DatasetNotAsStagedError(
            f"train.lst in {where} has {listed} images. {DatasetNotAsStagedError.__doc__}"
        )


def check_role(iam: "IAMClient", arn: str, console: Console) -> None:
    """Refuse a role that is not there, or that SageMaker may not work as; say so if that cannot be found out."""
    try:
        role = iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]
    except ClientError as exc:
        if code_of(exc) == "NoSuchEntity":
            raise RoleMissingError(f"There is no role {arn}. {RoleMissingError.__doc__}") from exc
        if isinstance(explain(exc), PermissionMissingError):
            console.print(f"The role is not checked, which needs iam:GetRole: {arn}")
            return
        raise
    if role["Arn"] != arn:
        raise RoleMissingError(f"There is no role {arn}, but {role['Arn']}.")
    if not trusts_sagemaker(role["AssumeRolePolicyDocument"]):  # boto3 parses the document
        raise RoleTrustError(f"{arn}: {RoleTrustError.__doc__}")


def trusts_sagemaker(document: Any) -> bool:
    """Whether a trust policy lets SageMaker take on the role. Conditions are not looked at."""
    return any(_allows_sagemaker(statement) for statement in _listed(document.get("Statement")))


def _allows_sagemaker(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else []
    actions = {"sts:AssumeRole", "sts:*", "*"} & set(_listed(statement.get("Action")))
    return statement.get("Effect") == "Allow" and SAGEMAKER in services and bool(actions)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def check_earlier_model(s3: "S3Client", url: str, console: Console) -> None:
    """Refuse to go on from a model that is not there; say so if nobody knows from which images it has learnt."""
    bucket, key = split_s3_url(url)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as exc:
        if code_of(exc) in ("404", "403", "NoSuchKey"):
            raise EarlierModelError(f"{url} is not there, or may not be read.") from exc
        raise
    if unknown := find_ancestry(s3, url).unknown:
        console.print(
            f"{unknown} was never registered: `promote` will refuse what goes on from it."
        )
