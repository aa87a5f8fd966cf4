"""Serve the model registry: groups of model packages with metrics and an approval."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError, ServiceError
from localcloud.sagemaker.api.paging import list_page
from localcloud.sagemaker.api.store import (
    MODEL_PACKAGE,
    MODEL_PACKAGE_GROUP,
    Kind,
    Record,
    RecordStore,
    timestamp,
)

# Members that make AWS run jobs or publish, which is not emulated.
_NOT_EMULATED = (
    "ValidationSpecification",
    "SourceAlgorithmSpecification",
    "CertifyForMarketplace",
    "ManagedStorageType",
)
# Members that UpdateModelPackage replaces as a whole.
_REPLACED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)


class RegistryConflictError(ServiceError):
    """The resource to delete is still in use."""

    code = "ConflictException"
    status = int(HTTPStatus.BAD_REQUEST)


class ModelRegistry:
    """The operations of the model registry in one region; keys are their names."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self.operations: dict[str, Callable[[Record], Mapping[str, Any]]] = {
            "CreateModelPackageGroup": self._create_group,
            "DescribeModelPackageGroup": lambda request: self._group(
                request["ModelPackageGroupName"]
            ),
            "ListModelPackageGroups": self._list_groups,
            "DeleteModelPackageGroup": self._delete_group,
            "CreateModelPackage": self._create_package,
            "DescribeModelPackage": self._describe_package,
            "ListModelPackages": self._list_packages,
            "UpdateModelPackage": self._update_package,
            "DeleteModelPackage": self._delete_package,
        }

    def _create_group(self, request: Record) -> Record:
        arn = self._store.arn(MODEL_PACKAGE_GROUP, request["ModelPackageGroupName"])
        if _by_arn(self._store, MODEL_PACKAGE_GROUP, arn):
            raise InvalidRequestError(f"Model Package Group already exists: {arn}")

        return self._store.create(
            MODEL_PACKAGE_GROUP,
            {**request, "ModelPackageGroupStatus": "Completed", "CreatedBy": {}, "LastVersion": 0},
        )

    def _list_groups(self, request: Record) -> Record:
        return list_page(MODEL_PACKAGE_GROUP, self._store.all(MODEL_PACKAGE_GROUP), request)

    def _delete_group(self, request: Record) -> Record:
        group = self._group(request["ModelPackageGroupName"])
        if self._versions(group):
            arn = group["ModelPackageGroupArn"]
            raise RegistryConflictError(
                f"ModelPackageGroup {arn} cannot be deleted: it still has model packages."
            )

        self._store.delete(MODEL_PACKAGE_GROUP, group["ModelPackageGroupName"])
        return {}

    def _create_package(self, request: Record) -> Record:
        for member in _NOT_EMULATED:
            if request.get(member):
                raise NotEmulatedError(f"{member} is not emulated by the local SageMaker.")
        if "ModelPackageGroupName" not in request or "ModelPackageName" in request:
            raise NotEmulatedError(
                "The local SageMaker has versioned model packages only: ModelPackageGroupName "
                "without ModelPackageName."
            )
        if request.get("Tags"):
            raise InvalidRequestError(
                "A versioned model package has no tags of its own: tag its model package group."
            )

        group = self._group(request["ModelPackageGroupName"])
        # ^Stored in the group, so that the number of a deleted version is not used again.
        version = group["LastVersion"] + 1
        self._store.save(MODEL_PACKAGE_GROUP, group | {"LastVersion": version})

        return self._store.create(
            MODEL_PACKAGE,
            {
                "ModelApprovalStatus": "PendingManualApproval",
                **request,
                "ModelPackageGroupName": group["ModelPackageGroupName"],
                "ModelPackageName": f"{group['ModelPackageGroupName']}/{version}",
                "ModelPackageVersion": version,
                "ModelPackageStatus": "Completed",
                "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
                "CreatedBy": {},
            },
        )

    def _describe_package(self, request: Record) -> Record:
        return _described(find_package(self._store, request["ModelPackageName"]))

    def _list_packages(self, request: Record) -> Record:
        found = self._store.all(MODEL_PACKAGE)
        if "ModelPackageGroupName" in request:
            found = self._versions(self._group(request["ModelPackageGroupName"]))
        elif request.get("ModelPackageType", "Unversioned") == "Unversioned":
            found = []

        wanted = request.get("ModelApprovalStatus")
        found = [package for package in found if wanted in (None, package["ModelApprovalStatus"])]
        page = list_page(MODEL_PACKAGE, found, request)

        return page | {
            MODEL_PACKAGE.listed: [_described(package) for package in page[MODEL_PACKAGE.listed]]
        }

    def _update_package(self, request: Record) -> Record:
        if "AdditionalInferenceSpecificationsToAdd" in request:
            raise NotEmulatedError(
                "AdditionalInferenceSpecificationsToAdd is not emulated by the local SageMaker."
            )

        package = find_package(self._store, request["ModelPackageArn"])
        removed = request.get("CustomerMetadataPropertiesToRemove", [])
        metadata = package.get("CustomerMetadataProperties", {}) | request.get(
            "CustomerMetadataProperties", {}
        )
        changed = {member: request[member] for member in _REPLACED if member in request}
        if metadata:
            changed["CustomerMetadataProperties"] = {
                key: metadata[key] for key in metadata if key not in removed
            }

        self._store.save(
            MODEL_PACKAGE,
            package | changed | {"LastModifiedTime": timestamp(), "LastModifiedBy": {}},
        )

        return package

    def _delete_package(self, request: Record) -> Record:
        self._store.delete(
            MODEL_PACKAGE,
            find_package(self._store, request["ModelPackageName"])["ModelPackageName"],
        )
        return {}

    def _group(self, name: str) -> Record:
        return _require(self._store, MODEL_PACKAGE_GROUP, name)

    def _versions(self, group: Record) -> list[Record]:
        name = group["ModelPackageGroupName"]
        return [
            package
            for package in self._store.all(MODEL_PACKAGE)
            if package["ModelPackageGroupName"] == name
        ]


def find_package(store: RecordStore, name: str) -> Record:
    """Return the model package of this ARN, or of this name (`<group>/<version>`).

    Raises:
        InvalidRequestError: the model package is missing.
    """
    return _require(store, MODEL_PACKAGE, name)


def _require(store: RecordStore, kind: Kind, name: str) -> Record:
    arn = store.arn(kind, name)
    record = _by_arn(store, kind, arn)
    if record is None:
        raise InvalidRequestError(f"{kind.name} {arn} does not exist.")
    return record


def _by_arn(store: RecordStore, kind: Kind, arn: str) -> Record | None:
    return next((record for record in store.all(kind) if record[f"{kind.name}Arn"] == arn), None)


def _described(package: Record) -> Record:
    # AWS returns group and version of a versioned package; ModelPackageName is for packages
    # without versions.
    return {member: value for member, value in package.items() if member != "ModelPackageName"}
