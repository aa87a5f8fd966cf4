"""Check the container of a model, and find its algorithm and its model data."""

from collections.abc import Mapping
from typing import Any

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.sagemaker.algorithms import Algorithms, UnknownImageError
from localcloud.sagemaker.api.store import Record, RecordStore
from localcloud.sagemaker.model_registry import find_package


def check_container(model: Mapping[str, Any], store: RecordStore, algorithms: Algorithms) -> None:
    """Check the container of a model that is to be created.

    Raises:
        InvalidRequestError: it is missing, its model package is not approved, or no algorithm runs
            in place of its image. The message about the image is AWS's, as quoted in
            https://github.com/aws-samples/easy-amazon-sagemaker-deployments/issues/4
        NotEmulatedError: it has something other than one model.tar.gz.
    """
    package = _stated(model).get("ModelPackageName")
    if package and (approval := find_package(store, package)["ModelApprovalStatus"]) != "Approved":
        raise InvalidRequestError(
            f"Cannot create a model from the model package {package}: it is {approval}."
        )

    container = container_of(model, store)
    if "Image" not in container:
        raise InvalidRequestError("The container of a model needs an Image, or a ModelPackageName.")

    try:
        algorithms.find(container["Image"])
    except UnknownImageError as exc:
        raise InvalidRequestError(f"Requested image {container['Image']} not found. {exc}") from exc
    if "ModelDataUrl" not in container or container.get("Mode") == "MultiModel":
        raise NotEmulatedError(
            "The local SageMaker serves a model from ModelDataUrl (a model.tar.gz in S3); "
            "a model that is in the image or in several files is not emulated."
        )


def container_of(model: Mapping[str, Any], store: RecordStore) -> Record:
    """Return a model's container with the members of its model package, and with ModelDataUrl.

    Raises:
        InvalidRequestError: the model package does not exist.
        NotEmulatedError: there are several containers.
    """
    stated = _stated(model)
    if package := stated.get("ModelPackageName"):
        stated = (
            _only(find_package(store, package)["InferenceSpecification"]["Containers"]) | stated
        )

    source = stated.get("ModelDataSource", {}).get("S3DataSource", {})
    if (source.get("S3DataType"), source.get("CompressionType")) == ("S3Object", "Gzip"):
        return stated | {"ModelDataUrl": source["S3Uri"]}

    return stated


def _stated(model: Mapping[str, Any]) -> Record:
    return _only(model.get("Containers") or [model.get("PrimaryContainer", {})])


def _only(containers: list[Record]) -> Record:
    if len(containers) > 1:
        raise NotEmulatedError(
            "A pipeline of several containers is not emulated by the local SageMaker."
        )
    return containers[0]
