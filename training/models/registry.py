"""Register trained models as packages, and find the champion, the newest approved package."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from cli.aws import Aws, code_of
from cli.s3_url import split_s3_url
from training.dataset.dataset import CHOOSING, Dataset, parse_list
from training.models.containers import container
from training.models.model_card import ModelMissingError, inspect_archive
from training.project.errors import TrainingError
from training.project.naming import Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

type Approval = Literal["Approved", "Rejected", "PendingManualApproval"]

FACTS = "model_quality.json"  # beside the model.tar.gz, with the lists of the model's images
_GONE = ("NoSuchKey", "NoSuchBucket")
_LONGEST_REASON = 1024  # characters of an ApprovalDescription


class PackageMissingError(TrainingError):
    """Run `scones train`, which registers its model: the model registry lacks this version."""


class PackageFilesMissingError(TrainingError):
    """Train a new model, or reject this version: S3 does not have its files any more."""


@dataclass(frozen=True)
class Ancestry:
    """The images and models that a continued training inherits.

    Args:
        learned: S3 URLs of the image lists of all earlier models.
        unknown: S3 URL of an earlier model that is not registered, so that its images are unknown.
            None if all earlier models are registered.
        labels: The classes of the earlier model in their order, empty if it is not registered.
    """

    learned: list[str]
    unknown: str | None
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class Package:
    """A registered model: its version, its approval, its files and its recorded facts."""

    arn: str
    version: int
    approval: Approval
    image: str
    model_data: str
    facts: dict[str, Any]

    @property
    def model_digest(self) -> str | None:
        """Return the sha256 of the model.tar.gz, None if it is unknown."""
        digest: str | None = self.facts.get("model_digest")
        return digest

    @property
    def unknown_ancestor(self) -> str | None:
        """Return the S3 URL of an earlier model that is not registered, None without one."""
        return self.facts.get("unknown_ancestor")  # older packages lack it

    def require_model(self, s3: "S3Client") -> None:
        """Check that the registered model is still in S3 and unchanged.

        Raises:
            PackageFilesMissingError: The model is missing.
            ModelChangedError: Another model has replaced it.
            BadModelArchiveError: The object is not a model archive.
        """
        try:
            archive = inspect_archive(s3, self.model_data)
        except ModelMissingError as exc:
            raise PackageFilesMissingError(
                f"{self.model_data}: {PackageFilesMissingError.__doc__}"
            ) from exc
        archive.require(self.facts["model_digest"])

    def learned(self, s3: "S3Client") -> set[str]:
        """Return the digests of all images that shaped the model or its earlier models.

        A fair comparison needs other images. With an unknown ancestor the set is incomplete.

        Raises:
            PackageFilesMissingError: An image list is missing.
        """
        lists = (parse_list(_read(s3, url).decode(), url) for url in _lists(self.facts))
        return {image.digest for images in lists for image in images}


def _lists(facts: Mapping[str, Any]) -> list[str]:
    """Return the URLs of a package's image lists; earlier releases name the key `learnt`."""
    return list(facts["learned"] if "learned" in facts else facts["learnt"])


def find_ancestry(s3: "S3Client", earlier_model: str | None) -> Ancestry:
    """Return the inheritance of a training that continues from this model.tar.gz."""
    if earlier_model is None:
        return Ancestry([], None)
    bucket, prefix = split_s3_url(earlier_model.rpartition("/")[0])
    try:
        facts = json.loads(s3.get_object(Bucket=bucket, Key=f"{prefix}/{FACTS}")["Body"].read())
    except ClientError as exc:
        # S3 answers AccessDenied to callers without the permission to list the bucket.
        if code_of(exc) not in (*_GONE, "AccessDenied"):
            raise
        return Ancestry([], earlier_model)
    return Ancestry(_lists(facts), facts.get("unknown_ancestor"), facts.get("labels", ()))


@dataclass(frozen=True)
class ModelRegistry:
    """The packages of one environment."""

    aws: Aws
    names: Names

    def register(
        self, trained: dict[str, Any], dataset: Dataset, earlier_model: str | None
    ) -> dict[str, Any]:
        """Register the model of a training job, once.

        Args:
            trained: The result of `train`.
            dataset: The dataset that the model was trained on.
            earlier_model: S3 URL of the model.tar.gz that the training continued from, if any.

        Returns:
            The package's arn, group and version.
        """
        description = f"Training job {trained['training_job']}"
        found = [
            one for one in self.summaries() if one.get("ModelPackageDescription") == description
        ]
        arn = (
            found[0]["ModelPackageArn"]
            if found
            else self._create(trained, dataset, earlier_model, description)
        )
        return {"arn": arn, "group": self.names.service, "version": int(arn.rpartition("/")[2])}

    def find_package(self, version: int) -> Package:
        """Return a version of the environment's group.

        Raises:
            PackageMissingError: The group does not have this version.
            PackageFilesMissingError: The recorded facts are missing in S3.
        """
        found = [one for one in self.summaries() if one.get("ModelPackageVersion") == version]
        if not found:
            raise PackageMissingError(
                f"{self.names.service} has no version {version}. {PackageMissingError.__doc__}"
            )
        return self._describe(found[0]["ModelPackageArn"])

    def find_champion(self) -> Package | None:
        """Return the newest approved version, None if none is approved."""
        approved = [one for one in self.summaries() if one.get("ModelApprovalStatus") == "Approved"]
        newest = max(approved, key=lambda one: int(one["ModelPackageVersion"]), default=None)
        return newest and self._describe(newest["ModelPackageArn"])

    def decide(self, package: Package, approval: Approval, reason: str) -> None:
        """Record the approval or rejection of a package, with its reason."""
        self.aws.sagemaker.update_model_package(
            ModelPackageArn=package.arn,
            ModelApprovalStatus=approval,
            ApprovalDescription=reason[:_LONGEST_REASON],
        )

    def summaries(self) -> Iterator[Any]:
        """Yield the versions of the environment's group, oldest first, as ListModelPackages."""
        paginator = self.aws.sagemaker.get_paginator("list_model_packages")
        try:
            for page in paginator.paginate(ModelPackageGroupName=self.names.service):
                yield from page["ModelPackageSummaryList"]
        except ClientError as exc:
            # An environment without registered models has no group.
            if "does not exist" not in str(exc):
                raise

    def _create(
        self, trained: dict[str, Any], dataset: Dataset, earlier_model: str | None, description: str
    ) -> str:
        s3 = self.aws.s3
        sagemaker = self.aws.sagemaker
        folder, _, _ = trained["model_data"].rpartition("/")
        ancestry = find_ancestry(s3, earlier_model)
        copied = ("training_job", "labels", "dataset_digest", "hyperparameters", "metrics")
        facts = {name: trained[name] for name in copied}
        facts |= {"model_digest": trained.get("model_digest"), "earlier_model": earlier_model}
        facts |= {"learned": [*_copy_lists(s3, dataset, folder), *ancestry.learned]}
        facts |= {"unknown_ancestor": ancestry.unknown}

        bucket, prefix = split_s3_url(folder)
        content = (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()
        s3.put_object(
            Bucket=bucket, Key=f"{prefix}/{FACTS}", Body=content, ContentType="application/json"
        )
        try:
            sagemaker.create_model_package_group(
                ModelPackageGroupName=self.names.service,
                Tags=self.names.tag_list,  # type: ignore[arg-type]
            )
        except ClientError as exc:
            if "already exist" not in str(exc):
                raise
        request = package_request(self.names.service, trained, description, f"{folder}/{FACTS}")
        return sagemaker.create_model_package(**request)["ModelPackageArn"]

    def _describe(self, arn: str) -> Package:
        found: Any = self.aws.sagemaker.describe_model_package(ModelPackageName=arn)
        [container] = found["InferenceSpecification"]["Containers"]
        return Package(
            arn=arn,
            version=found["ModelPackageVersion"],
            approval=found["ModelApprovalStatus"],
            image=container["Image"],
            model_data=container["ModelDataUrl"],
            facts=json.loads(
                _read(self.aws.s3, found["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"])
            ),
        )


def package_request(
    group: str, trained: dict[str, Any], description: str, facts_url: str
) -> dict[str, Any]:
    """Return the CreateModelPackage request.

    CustomerMetadataProperties accept only short texts without commas.
    """
    known = {
        name: trained.get(name)
        for name in ("training_job", "dataset_digest", "model_digest", "backbone")
    }
    known |= {"classes": len(trained["labels"]), **trained["metrics"]}
    return {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": description,
        "InferenceSpecification": {
            "Containers": [
                container(trained["image"], trained["model_data"], trained.get("model_digest"))
            ],
            "SupportedContentTypes": ["application/x-image"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        "ModelApprovalStatus": "PendingManualApproval",
        "ModelMetrics": {
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": facts_url}}
        },
        "CustomerMetadataProperties": {
            name: str(value) for name, value in known.items() if value is not None
        },
    }


def _copy_lists(s3: "S3Client", dataset: Dataset, folder: str) -> list[str]:
    """Copy the lists of all splits except the test split: the next staging overwrites them."""
    bucket, prefix = split_s3_url(folder)
    splits = [split for split in CHOOSING if dataset.size(split)]  # old datasets lack calibration

    for split in splits:
        source = {"Bucket": dataset.bucket, "Key": f"{dataset.prefix}/{split}_lst/{split}.lst"}
        copy = f"{prefix}/{split}.lst"
        s3.copy_object(CopySource=source, Bucket=bucket, Key=copy)  # type: ignore[arg-type]
    return [f"{folder}/{split}.lst" for split in splits]


def _read(s3: "S3Client", url: str) -> bytes:
    bucket, key = split_s3_url(url)
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as exc:
        if code_of(exc) in _GONE:
            raise PackageFilesMissingError(f"{url}: {PackageFilesMissingError.__doc__}") from exc
        raise
