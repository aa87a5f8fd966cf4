"""The control plane of hosting: models, endpoint configurations, endpoints, and their tags."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from local.sagemaker.endpoints import Endpoints
from local.sagemaker.paging import list_page
from local.sagemaker.protocol import InvalidRequestError, NotEmulatedError
from local.sagemaker.store import ENDPOINT, ENDPOINT_CONFIG, KINDS, MODEL, Kind, Record, RecordStore, timestamp

type Operation = Callable[[Record], Mapping[str, Any]]

# What would change how an endpoint answers or is replaced, and is not here (yet): refused by name, never ignored.
_NOT_EMULATED = (
    "Containers",
    "InferenceExecutionConfig",
    "AsyncInferenceConfig",
    "ExplainerConfig",
    "ShadowProductionVariants",
    "DeploymentConfig",
    "RetainAllVariantProperties",
    "ExcludeRetainedVariantProperties",
    "RetainDeploymentConfig",
)


class Hosting:
    """The operations of SageMaker hosting in one region, by name."""

    def __init__(self, store: RecordStore, endpoints: Endpoints) -> None:
        self._store = store
        self._endpoints = endpoints
        self.operations: dict[str, Operation] = {
            "CreateModel": self._create_model,
            "CreateEndpointConfig": self._create_endpoint_config,
            "CreateEndpoint": self._create_endpoint,
            "UpdateEndpoint": self._update_endpoint,
            "DeleteModel": partial(self._delete, MODEL),
            "DeleteEndpointConfig": partial(self._delete, ENDPOINT_CONFIG),
            "DeleteEndpoint": self._delete_endpoint,
            "AddTags": self._add_tags,
            "ListTags": self._list_tags,
            "DeleteTags": self._delete_tags,
        }
        for kind in KINDS:
            self.operations[f"Describe{kind.name}"] = partial(self._describe, kind)
            self.operations[f"List{kind.name}s"] = partial(self._list, kind)

    def _create_model(self, request: Record) -> Record:
        _refuse_not_emulated(request)
        container = request.get("PrimaryContainer", {})
        if "ModelDataUrl" not in container or container.get("Mode") == "MultiModel":
            raise NotEmulatedError(
                "The local SageMaker serves a model from PrimaryContainer.ModelDataUrl (a model.tar.gz in S3); "
                "a model that is in the image, in a package or in several files is not emulated."
            )
        return self._store.create(MODEL, request)

    def _create_endpoint_config(self, request: Record) -> Record:
        _refuse_not_emulated(request)
        if request.get("DataCaptureConfig", {}).get("EnableCapture"):
            raise NotEmulatedError("DataCaptureConfig.EnableCapture is not emulated by the local SageMaker.")
        variants = [{"InitialVariantWeight": 1.0, **variant} for variant in request["ProductionVariants"]]
        if len({variant["VariantName"] for variant in variants}) < len(variants):
            raise InvalidRequestError("Two production variants have the same VariantName.")
        for variant in variants:
            self._store.get(MODEL, variant.get("ModelName", ""))
        return self._store.create(ENDPOINT_CONFIG, {**request, "ProductionVariants": variants})

    def _create_endpoint(self, request: Record) -> Record:
        _refuse_not_emulated(request)
        return self._endpoints.create(request, self._plan(request["EndpointConfigName"]))

    def _update_endpoint(self, request: Record) -> Record:
        _refuse_not_emulated(request)
        # AWS reads the configuration in service too, and refuses when it has been deleted.
        in_service = self._store.get(ENDPOINT, request["EndpointName"])["EndpointConfigName"]
        self._store.get(ENDPOINT_CONFIG, in_service)
        return self._endpoints.update(request["EndpointName"], self._plan(request["EndpointConfigName"]))

    def _delete(self, kind: Kind, request: Record) -> Record:
        self._store.delete(kind, request[f"{kind.name}Name"])
        return {}

    def _delete_endpoint(self, request: Record) -> Record:
        self._endpoints.delete(request["EndpointName"])
        return {}

    def _describe(self, kind: Kind, request: Record) -> Record:
        return self._store.get(kind, request[f"{kind.name}Name"])

    def _list(self, kind: Kind, request: Record) -> Record:
        return list_page(kind, self._store.all(kind), request)

    def _add_tags(self, request: Record) -> Record:
        kind, record = self._store.by_arn(request["ResourceArn"])
        tags = {tag["Key"]: tag for tag in [*record.get("Tags", []), *request["Tags"]]}
        self._store.save(kind, record | {"Tags": list(tags.values())})
        return {"Tags": list(tags.values())}

    def _list_tags(self, request: Record) -> Record:
        return {"Tags": self._store.by_arn(request["ResourceArn"])[1].get("Tags", [])}

    def _delete_tags(self, request: Record) -> Record:
        kind, record = self._store.by_arn(request["ResourceArn"])
        kept = [tag for tag in record.get("Tags", []) if tag["Key"] not in request["TagKeys"]]
        self._store.save(kind, record | {"Tags": kept})
        return {}

    def _plan(self, config_name: str) -> Record:
        config = self._store.get(ENDPOINT_CONFIG, config_name)
        variants = [self._planned_variant(variant) for variant in config["ProductionVariants"]]
        return {"Id": uuid4().hex, "EndpointConfigName": config_name, "Variants": variants}

    def _planned_variant(self, variant: Record) -> Record:
        container = self._store.get(MODEL, variant["ModelName"])["PrimaryContainer"]
        summary = {"VariantName": variant["VariantName"]}
        for state in ("Current", "Desired"):
            summary[f"{state}Weight"] = variant["InitialVariantWeight"]
            if "ServerlessConfig" in variant:
                summary[f"{state}ServerlessConfig"] = variant["ServerlessConfig"]
            else:
                summary[f"{state}InstanceCount"] = variant.get("InitialInstanceCount", 1)
        if image := container.get("Image"):
            summary["DeployedImages"] = [
                {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": timestamp()}
            ]
        return {
            "VariantName": variant["VariantName"],
            "ModelDataUrl": container["ModelDataUrl"],
            "Summary": summary,
        }


def _refuse_not_emulated(request: Record) -> None:
    for member in _NOT_EMULATED:
        if request.get(member):
            raise NotEmulatedError(f"{member} is not emulated by the local SageMaker.")
