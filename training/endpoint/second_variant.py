"""A second model beside the one in service: as a variant of the endpoint, or as its shadow."""

from datetime import UTC, datetime
from typing import Any

from training.endpoint import changes as endpoint
from training.endpoint.errors import EndpointFailedError, RolledBackError, ServerlessEndpointError, VariantTakenError
from training.endpoint.request import model_request
from training.models.trained_model import TrainedModel
from training.project.step import Context

_COPIED = ("DataCaptureConfig", "KmsKeyId", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation")


def in_service(context: Context, timeout: float) -> Any:
    """The endpoint, when nothing changes it any more.

    Raises:
        EndpointFailedError: it is not in service. EndpointStuckError: it takes longer.
    """
    found = endpoint.settled(context, timeout)
    if found is None or found["EndpointStatus"] != endpoint.IN_SERVICE:
        status = found["EndpointStatus"] if found else "not there"
        raise EndpointFailedError(f"The endpoint {context.names.endpoint} is {status}: `deploy` makes it.")
    return found


def add(context: Context, step: str, model: TrainedModel, variant: str, timeout: float, *, shadow: bool) -> str:
    """Have the endpoint hold a second model; returns the name of the endpoint configuration that does.

    As a variant it has a weight of 0 and is asked by name alone; as a shadow it gets a copy of every request.
    `step` has begun in run.json, where the name is noted before anything has it.

    Raises:
        ServerlessEndpointError, VariantTakenError: found before anything is made.
        RolledBackError, EndpointFailedError, EndpointStuckError, QuotaExceededError: it cannot be.
    """
    found = in_service(context, timeout)
    facts = context.run.steps[step]["tries"][-1]["facts"]
    serving = found["EndpointConfigName"]
    if serving == facts.get("name"):
        return str(serving)  # an earlier try came so far
    config = context.aws.sagemaker.describe_endpoint_config(EndpointConfigName=serving)
    _check_room(config, variant)
    again = facts.get("beside") == serving  # else a configuration of an earlier time would bring back what served then
    name = str(facts["name"]) if again else context.names.dated(datetime.now(UTC))
    context.run.note(step, name=name, beside=serving)
    sagemaker, tags = context.aws.sagemaker, context.names.tag_list
    endpoint.create_unless_there(sagemaker.create_model, model_request(name, model, tags))
    request = config_request(found, config, name, variant, shadow=shadow) | {"Tags": tags}
    endpoint.create_unless_there(sagemaker.create_endpoint_config, request)
    context.console.print(
        f"Endpoint {context.names.endpoint} gets {variant} beside what it serves, and answers meanwhile."
    )
    endpoint.update(context, name, "endpoint usage")
    if (after := in_service(context, timeout))["EndpointConfigName"] != name:
        endpoint.delete_model(context, name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
        context.run.note(step, name=None, beside=None)
        raise RolledBackError(f"SageMaker took the update back: {after.get('FailureReason', 'no reason given')}")
    return name


def config_request(found: Any, config: Any, name: str, variant: str, *, shadow: bool) -> dict[str, Any]:
    """The members of CreateEndpointConfig: what serves, as it is now, and the model `name` on one instance."""
    now = {one["VariantName"]: one for one in found["ProductionVariants"]}
    serving = [
        one
        | {"InitialVariantWeight": now[one["VariantName"]]["CurrentWeight"]}
        | {"InitialInstanceCount": now[one["VariantName"]]["CurrentInstanceCount"]}
        for one in config["ProductionVariants"]
    ]
    weight = serving[0]["InitialVariantWeight"] if shadow else 0.0  # of a shadow: its share of the production variant's
    second = serving[0] | {"VariantName": variant, "ModelName": name, "InitialVariantWeight": weight}
    second["InitialInstanceCount"] = 1
    also = {"ShadowProductionVariants": [second]} if shadow else {}
    variants = serving if shadow else [*serving, second]
    copied = {member: config[member] for member in _COPIED if member in config}
    return {"EndpointConfigName": name, "ProductionVariants": variants, **also, **copied}


def _check_room(config: Any, variant: str) -> None:
    if any("ServerlessConfig" in one for one in config["ProductionVariants"]):
        raise ServerlessEndpointError
    if any(one["VariantName"] == variant for one in config["ProductionVariants"]):
        raise VariantTakenError
