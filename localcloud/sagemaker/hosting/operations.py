"""Serve the control plane of hosting: models, endpoint configurations and endpoints."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

from localcloud.api.protocol import InvalidRequestError
from localcloud.sagemaker.algorithms import Algorithms
from localcloud.sagemaker.api.emulated import ANY, refuse_not_emulated
from localcloud.sagemaker.api.paging import list_page
from localcloud.sagemaker.api.store import (
    ENDPOINT,
    ENDPOINT_CONFIG,
    MODEL,
    Kind,
    Record,
    RecordStore,
)
from localcloud.sagemaker.execution_role import RoleFactory, RoleRefusedError, lend_volume_key
from localcloud.sagemaker.hosting.data_capture import check_capture
from localcloud.sagemaker.hosting.endpoints import Endpoints
from localcloud.sagemaker.hosting.model_containers import check_container, container_of
from localcloud.sagemaker.hosting.model_data import check_model_data
from localcloud.sagemaker.hosting.traffic import alarm_names, check_update
from localcloud.sagemaker.hosting.variants import (
    check_shadows,
    check_variants,
    desired_changes,
    refuse_network,
    refuse_to_make_serverless,
    variant_summary,
    with_retained,
)
from localcloud.sagemaker.object_store import ObjectStore

type Operation = Callable[[Record], Mapping[str, Any]]

# Networks, encryption and instance types cannot change an answer here, and are only recorded.
_CONTAINER = {  # check_container has more rules
    **dict.fromkeys(("ContainerHostname", "Image", "ModelDataUrl", "ModelPackageName"), ANY),
    **dict.fromkeys(("Environment", "Mode"), ANY),
    "ModelDataSource": {
        "S3DataSource": {"S3Uri": ANY, "S3DataType": {"S3Object"}, "CompressionType": {"Gzip"}}
    },
}
_VARIANT = {
    **dict.fromkeys(("VariantName", "ModelName", "InstanceType", "InitialInstanceCount"), ANY),
    **dict.fromkeys(("InitialVariantWeight", "ServerlessConfig", "VolumeSizeInGB"), ANY),
}
_EMULATED = {
    "CreateModel": {
        **dict.fromkeys(
            ("ModelName", "ExecutionRoleArn", "Tags", "VpcConfig", "EnableNetworkIsolation"), ANY
        ),
        "PrimaryContainer": _CONTAINER,
        "Containers": [_CONTAINER],
    },
    "CreateEndpointConfig": {
        **dict.fromkeys(
            ("EndpointConfigName", "DataCaptureConfig", "Tags", "KmsKeyId", "ExecutionRoleArn"), ANY
        ),
        **dict.fromkeys(("VpcConfig", "EnableNetworkIsolation"), ANY),
        "ProductionVariants": [_VARIANT],
        "ShadowProductionVariants": [_VARIANT],
    },
    "CreateEndpoint": dict.fromkeys(("EndpointName", "EndpointConfigName", "Tags"), ANY),
    "UpdateEndpoint": {
        **dict.fromkeys(("EndpointName", "EndpointConfigName"), ANY),
        **dict.fromkeys(("RetainAllVariantProperties", "ExcludeRetainedVariantProperties"), ANY),
        "DeploymentConfig": {
            **dict.fromkeys(
                ("BlueGreenUpdatePolicy", "RollingUpdatePolicy", "AutoRollbackConfiguration"), ANY
            )
        },
    },
}


class ScalableTargets(Protocol):
    """The variants of endpoints that Application Auto Scaling has registered."""

    def variants(self, region: str, endpoint: str) -> set[str]:
        """Return the registered variants of an endpoint."""

    def deregister(self, region: str, endpoint: str) -> None:
        """Deregister all variants of an endpoint."""


class Hosting:
    """The operations of SageMaker hosting in one region; keys are their names."""

    def __init__(
        self,
        store: RecordStore,
        endpoints: Endpoints,
        targets: ScalableTargets,
        alarm_states: Callable[[Iterable[str]], dict[str, str]],
        role: RoleFactory,
        algorithms: Algorithms,
        objects: ObjectStore,
        region: str,
    ) -> None:
        self._store = store
        self._objects = objects
        self._alarm_states = alarm_states
        self._role = role
        self._algorithms = algorithms
        self._endpoints = endpoints
        self._targets = targets
        self._region = region
        self.operations: dict[str, Operation] = {
            "CreateModel": self._create_model,
            "CreateEndpointConfig": self._create_endpoint_config,
            "CreateEndpoint": self._create_endpoint,
            "UpdateEndpoint": self._update_endpoint,
            "UpdateEndpointWeightsAndCapacities": self._update_weights,
            "DeleteModel": partial(self._delete, MODEL),
            "DeleteEndpointConfig": partial(self._delete, ENDPOINT_CONFIG),
            "DeleteEndpoint": self._delete_endpoint,
        }
        for kind in (MODEL, ENDPOINT_CONFIG, ENDPOINT):
            self.operations[f"Describe{kind.name}"] = partial(self._describe, kind)
            self.operations[f"List{kind.name}s"] = partial(self._list, kind)

    def _create_model(self, request: Record) -> Record:
        refuse_not_emulated(request, _EMULATED["CreateModel"])
        check_container(request, self._store, self._algorithms)
        if role_arn := request.get("ExecutionRoleArn"):
            role = self._role(role_arn, self._store.arn(MODEL, request["ModelName"]))
            url = container_of(request, self._store)["ModelDataUrl"]
            check_model_data(url, role, role_arn, self._objects, self._region)

        return self._store.create(MODEL, request)

    def _create_endpoint_config(self, request: Record) -> Record:
        refuse_not_emulated(request, _EMULATED["CreateEndpointConfig"])
        variants, shadows = (
            [{"InitialVariantWeight": 1.0, **variant} for variant in request.get(kind, [])]
            for kind in ("ProductionVariants", "ShadowProductionVariants")
        )
        check_variants([*variants, *shadows])
        check_shadows(shadows, variants)
        check_capture(request.get("DataCaptureConfig"), variants)
        for variant in (*variants, *shadows):
            refuse_network(variant, request, self._store.get(MODEL, variant.get("ModelName", "")))
        also = {"ShadowProductionVariants": shadows} if shadows else {}

        return self._store.create(
            ENDPOINT_CONFIG, {**request, "ProductionVariants": variants, **also}
        )

    def _create_endpoint(self, request: Record) -> Record:
        refuse_not_emulated(request, _EMULATED["CreateEndpoint"])
        plan = self._plan(request["EndpointConfigName"])
        self._require_volume_key(request, plan)
        return self._endpoints.create(request, plan)

    def _update_endpoint(self, request: Record) -> Record:
        refuse_not_emulated(request, _EMULATED["UpdateEndpoint"])
        # ^AWS reads the configuration in service too, and refuses a deleted one.
        in_service = self._store.get(ENDPOINT, request["EndpointName"])["EndpointConfigName"]
        old, new = (
            self._store.get(ENDPOINT_CONFIG, name)
            for name in (in_service, request["EndpointConfigName"])
        )
        refuse_to_make_serverless(old["ProductionVariants"], new["ProductionVariants"])
        self._refuse_to_change_scaled(request["EndpointName"], old, new)
        plan = self._plan(request["EndpointConfigName"])
        self._require_volume_key(request, plan)
        if request.get("RetainAllVariantProperties"):
            let_go = {
                item["VariantPropertyType"]
                for item in request.get("ExcludeRetainedVariantProperties", [])
            }
            plan = with_retained(plan, self._store.get(ENDPOINT, request["EndpointName"]), let_go)

        if deployment := request.get("DeploymentConfig"):
            plan["DeploymentConfig"] = deployment
            known = self._alarm_states(alarm_names(plan))
            check_update(plan, self._store.get(ENDPOINT, request["EndpointName"]), known)
            self._require_alarms(request, alarm_names(plan))

        return self._endpoints.update(request["EndpointName"], plan)

    def _require_alarms(self, request: Record, names: Iterable[str]) -> None:
        """Refuse alarms that an execution role of the new variants may not describe."""
        endpoint_arn = self._store.get(ENDPOINT, request["EndpointName"])["EndpointArn"]
        account = endpoint_arn.split(":")[4]
        for variant in self._store.get(ENDPOINT_CONFIG, request["EndpointConfigName"])[
            "ProductionVariants"
        ]:
            role = self._role(
                self._store.get(MODEL, variant["ModelName"]).get("ExecutionRoleArn", ""),
                endpoint_arn,
            )
            try:
                role.assume()
                for name in names:
                    alarm_arn = f"arn:aws:cloudwatch:{self._region}:{account}:alarm:{name}"
                    role.require("cloudwatch:DescribeAlarms", alarm_arn)
            except RoleRefusedError as exc:
                raise InvalidRequestError(str(exc)) from exc

    def _require_volume_key(self, request: Record, plan: Record) -> None:
        """Refuse a key for volumes that an execution role of the variants may not lend."""
        key = self._store.get(ENDPOINT_CONFIG, request["EndpointConfigName"]).get("KmsKeyId")
        endpoint = self._store.arn(ENDPOINT, request["EndpointName"])
        if key is None:
            return

        for variant in plan["Variants"]:
            try:
                lend_volume_key(self._role(variant["RoleArn"], endpoint), key)
            except RoleRefusedError as exc:
                raise InvalidRequestError(str(exc)) from exc

    def _refuse_to_change_scaled(self, endpoint: str, old: Record, new: Record) -> None:
        before, after = (
            {
                variant["VariantName"]: variant.get("InstanceType")
                for variant in config["ProductionVariants"]
            }
            for config in (old, new)
        )
        changed = {name for name in before if before[name] != after.get(name)}
        if scaled := sorted(changed & self._targets.variants(self._region, endpoint)):
            named = ", ".join(f'"{name}"' for name in scaled)
            raise InvalidRequestError(
                f"The endpoint variant(s) {named} must be deregistered as scalable targets with "
                "AWS "
                "Auto Scaling before they can be removed or have their instance type updated."
            )

    def _update_weights(self, request: Record) -> Record:
        endpoint = self._store.get(ENDPOINT, request["EndpointName"])
        changes = desired_changes(endpoint, request["DesiredWeightsAndCapacities"])
        return self._endpoints.update_weights(request["EndpointName"], changes)

    def _delete(self, kind: Kind, request: Record) -> Record:
        self._store.delete(kind, request[f"{kind.name}Name"])
        return {}

    def _delete_endpoint(self, request: Record) -> Record:
        self._endpoints.delete(request["EndpointName"])
        self._targets.deregister(self._region, request["EndpointName"])
        return {}

    def _describe(self, kind: Kind, request: Record) -> Record:
        return self._store.get(kind, request[f"{kind.name}Name"])

    def _list(self, kind: Kind, request: Record) -> Record:
        return list_page(kind, self._store.all(kind), request)

    def _plan(self, config_name: str) -> Record:
        config = self._store.get(ENDPOINT_CONFIG, config_name)
        return {
            "Id": uuid4().hex,
            "EndpointConfigName": config_name,
            "Variants": [
                self._planned_variant(variant) for variant in config["ProductionVariants"]
            ],
            "ShadowVariants": [
                self._planned_variant(one) for one in config.get("ShadowProductionVariants", [])
            ],
            "DataCaptureConfig": config.get("DataCaptureConfig"),
        }

    def _planned_variant(self, variant: Record) -> Record:
        model = self._store.get(MODEL, variant["ModelName"])
        container = container_of(model, self._store)
        return {
            "VariantName": variant["VariantName"],
            "RoleArn": model.get("ExecutionRoleArn", ""),
            "ModelDataUrl": container["ModelDataUrl"],
            "Environment": container.get("Environment", {}),
            "EnableNetworkIsolation": model.get("EnableNetworkIsolation", False),
            "Summary": variant_summary(variant, container["Image"]),
        }
