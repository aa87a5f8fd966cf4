"""Check everything that would make a training job fail minutes later, before creating it."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli import instances
from cli.aws import Aws, PermissionMissingError, code_of, explain
from cli.instances import BUILT_IN, NEEDS_NO_GPU
from cli.names import shorten
from training.dataset.dataset import (
    TRAIN,
    VALIDATION,
    Dataset,
    TooFewClassesError,
    TooFewImagesError,
)
from training.jobs.plan import EarlierModelError, Plan, RoleMissingError, require_classes
from training.jobs.quotas import check_quota
from training.models.model_card import ModelMissingError, inspect_archive
from training.models.registry import find_ancestry
from training.project.bucket import require_bucket
from training.project.errors import TrainingError
from untrusted.console import Console

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

SAGEMAKER = "sagemaker.amazonaws.com"
# https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html, "EC2 Instance
# Recommendation": only GPUs.
GPU_FAMILIES = ("p2", "p3", "g4dn", "g5")
WITH_LOCAL_DISKS = ("g4dn", "g5")


class EmptyClassError(TrainingError):
    """Stage more images: every class needs images for training and for validation."""


class ResizeMissingError(TrainingError):
    """Use --resize 256: the algorithm needs `resize` for a dataset of image files."""


class DatasetNotAsStagedError(TrainingError):
    """Run `scones stage` again: the dataset in S3 differs from run.json."""


class RoleTrustError(TrainingError):
    """Allow sts:AssumeRole to sagemaker.amazonaws.com in the trust policy of the role."""


class InstanceTypeError(TrainingError):
    """Use a GPU (p2, p3, g4dn or g5)."""


class VolumeKeyError(TrainingError):
    """Leave out --volume-kms-key: the hardware of g4dn and g5 encrypts their local disks."""


def preflight(aws: Aws, plan: Plan, console: Console) -> None:
    """Run all checks.

    Raises:
        TrainingError: A check failed; each check has its own error class.
    """
    check_counts(plan.dataset, int(plan.hyperparameters["mini_batch_size"]))
    check_resize(plan)
    check_machine(plan)
    if not aws.is_local:  # the local cloud has no quotas
        check_quota(aws.service_quotas, plan, console)
    require_bucket(aws, plan.dataset.bucket)
    check_dataset(aws.s3, plan.dataset)
    check_role(aws.iam, plan.role, console)
    if plan.earlier_model:
        check_earlier_model(aws.s3, plan, plan.earlier_model, console)


def check_counts(dataset: Dataset, mini_batch_size: int) -> None:
    """Refuse a dataset that is too small for the algorithm.

    Raises:
        TooFewClassesError: The dataset has one class.
        EmptyClassError: A class has no images in a split.
        TooFewImagesError: A split is smaller than a mini-batch.
    """
    if len(dataset.labels) < 2:
        raise TooFewClassesError(
            f"The dataset has only the class {', '.join(dataset.labels)}. "
            f"{TooFewClassesError.__doc__}"
        )
    for split in (TRAIN, VALIDATION):
        empty = [label for label in dataset.labels if not dataset.counts[split].get(label)]
        if empty:
            raise EmptyClassError(
                f"{shorten(empty)} has no {split} images. {EmptyClassError.__doc__}"
            )
        if dataset.listed(split) < mini_batch_size:
            raise TooFewImagesError(
                f"The dataset has {dataset.listed(split)} {split} images, and mini_batch_size is "
                f"{mini_batch_size}. {TooFewImagesError.__doc__} Or lower --mini-batch-size."
            )


def check_resize(plan: Plan) -> None:
    """Refuse a dataset of image files without the hyperparameter `resize`.

    Raises:
        ResizeMissingError: `resize` is missing.
    """
    # https://docs.aws.amazon.com/sagemaker/latest/dg/IC-Hyperparameter.html:
    # "Required when using image content types".
    if not plan.dataset.recordio and "resize" not in plan.hyperparameters:
        raise ResizeMissingError


def check_machine(plan: Plan) -> None:
    """Refuse an instance type without a supported GPU, and a key for a volume that it lacks.

    Raises:
        InstanceTypeError: The algorithm does not support the instance type.
        VolumeKeyError: The instance type has only local disks.
    """
    named = re.fullmatch(r"ml\.([a-z0-9]+)\.[a-z0-9]+", plan.instance_type)
    wrong = f"--instance-type is {plan.instance_type}."
    if plan.algorithm == BUILT_IN and (not named or named[1] not in GPU_FAMILIES):
        raise InstanceTypeError(f"{wrong} {InstanceTypeError.__doc__} {NEEDS_NO_GPU}")
    if not named:
        raise InstanceTypeError(f"{wrong} Use a type such as {instances.TRAINING[plan.algorithm]}.")
    if plan.volume_kms_key and named[1] in WITH_LOCAL_DISKS:
        raise VolumeKeyError


def check_dataset(s3: "S3Client", dataset: Dataset) -> None:
    """Refuse a dataset that changed since it was staged, or is incomplete.

    Raises:
        DatasetNotAsStagedError: The dataset changed or is incomplete.
    """
    where = f"s3://{dataset.bucket}/{dataset.prefix}"

    try:
        description = f"{dataset.prefix}/dataset.json"
        body = s3.get_object(Bucket=dataset.bucket, Key=description)["Body"].read()
        listed = len(dataset.images(s3, TRAIN))
    except ClientError as exc:
        if code_of(exc) == "NoSuchKey":
            raise DatasetNotAsStagedError(
                f"{where} is incomplete. {DatasetNotAsStagedError.__doc__}"
            ) from exc
        raise
    if json.loads(body).get("digest") != dataset.digest:
        raise DatasetNotAsStagedError(
            f"{where} has another digest. {DatasetNotAsStagedError.__doc__}"
        )
    if listed != dataset.listed(TRAIN):
        raise DatasetNotAsStagedError(
            f"train.lst in {where} lists {listed} images instead of {dataset.listed(TRAIN)}. "
            f"{DatasetNotAsStagedError.__doc__}"
        )


def check_role(iam: "IAMClient", arn: str, console: Console) -> None:
    """Refuse a role that does not exist or does not trust SageMaker; report a missing permission.

    Raises:
        RoleMissingError: The role does not exist.
        RoleTrustError: The role does not trust SageMaker.
    """
    try:
        role = iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]
    except ClientError as exc:
        if code_of(exc) == "NoSuchEntity":
            raise RoleMissingError(
                f"The role {arn} does not exist. {RoleMissingError.__doc__}"
            ) from exc
        if isinstance(explain(exc), PermissionMissingError):
            console.print(f"The role {arn} is not checked, because iam:GetRole is not allowed.")
            return
        raise
    if role["Arn"] != arn:
        raise RoleMissingError(f"The role {arn} does not exist. Did you mean {role['Arn']}?")
    if not trusts_sagemaker(role["AssumeRolePolicyDocument"]):  # boto3 parses the document
        raise RoleTrustError(f"{arn}: {RoleTrustError.__doc__}")


def trusts_sagemaker(document: Any) -> bool:
    """Return whether a trust policy lets SageMaker assume the role, ignoring conditions."""
    return any(_allows_sagemaker(statement) for statement in _listed(document.get("Statement")))


def _allows_sagemaker(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else []
    actions = {"sts:AssumeRole", "sts:*", "*"} & set(_listed(statement.get("Action")))
    return statement.get("Effect") == "Allow" and SAGEMAKER in services and bool(actions)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def check_earlier_model(s3: "S3Client", plan: Plan, url: str, console: Console) -> None:
    """Refuse an earlier model that the job cannot continue; report one whose images are unknown.

    Raises:
        EarlierModelError: The model does not exist, is not readable, or has other classes.
        BadModelArchiveError: The object is not a model archive.
        OtherAlgorithmError: The model is of the other algorithm.
    """
    try:
        archive = inspect_archive(s3, url)
    except ModelMissingError as exc:
        raise _unreadable(url) from exc
    except ClientError as exc:
        if code_of(exc) == "AccessDenied":
            raise _unreadable(url) from exc
        raise
    archive.require_algorithm(plan.algorithm)
    ancestry = find_ancestry(s3, url)
    if ancestry.labels:
        require_classes(f"The model {url}", ancestry.labels, plan.dataset)
    if ancestry.unknown:
        console.print(
            f"{ancestry.unknown} is not registered, so `promote` will refuse models that continue "
            "from it."
        )


def _unreadable(url: str) -> EarlierModelError:
    return EarlierModelError(f"{url} does not exist or is not readable. Check the URL.")
