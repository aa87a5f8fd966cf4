"""Put a second model beside the one in service: as a variant of the endpoint, or as its shadow."""

from typing import Any

from cli.aws import Aws
from training.endpoint.changes import Endpoint
from training.endpoint.configurations import delete_model
from training.endpoint.errors import RolledBackError, ServerlessEndpointError, VariantTakenError
from training.endpoint.request import model_request
from training.models.trained_model import TrainedModel
from training.project.run_file import Attempt

_COPIED = (
    "DataCaptureConfig",
    "KmsKeyId",
    "ExecutionRoleArn",
    "VpcConfig",
    "EnableNetworkIsolation",
)


def add(
    aws: Aws,
    endpoint: Endpoint,
    attempt: Attempt,
    model: TrainedModel,
    variant: str,
    timeout: float,
    *,
    shadow: bool,
) -> str:
    """Have the endpoint hold a second model; return the name of the endpoint configuration that does.

    A variant has a weight of 0 and is asked by name alone; a shadow gets a copy of every request.
    The name is noted in the attempt at the step before anything has it.

    Raises:
        ServerlessEndpointError, VariantTakenError: found before anything is made.
        RolledBackError, EndpointFailedError, EndpointStuckError, QuotaExceededError: it cannot be.
    """
    found = endpoint.in_service(timeout)
    facts = attempt.facts
    serving = found["EndpointConfigName"]
    if serving == facts.get("name"):
        return str(serving)  # an earlier attempt came so far
    config = aws.sagemaker.describe_endpoint_config(EndpointConfigName=serving)
    _check_room(config, variant)
    again = (
        facts.get("beside") == serving
    )  # else a configuration of an earlier time would bring back what served then
    name = str(facts["name"]) if again else endpoint.names.dated()
    attempt.note(name=name, beside=serving)

    tags = endpoint.names.tag_list
    request = config_request(found, config, name, variant, shadow=shadow) | {"Tags": tags}
    endpoint.prepare(request, model_request(name, model, model.role, tags))
    endpoint.say(f"gets {variant} beside what it serves, and answers meanwhile")
    endpoint.update(name, "endpoint usage")
    try:
        endpoint.expect(name, timeout)
    except RolledBackError:
        delete_model(aws, endpoint.names, name)
        aws.sagemaker.delete_endpoint_config(EndpointConfigName=name)
        attempt.note(name=None, beside=None)
        raise
    return name


def config_request(
    found: Any, config: Any, name: str, variant: str, *, shadow: bool
) -> dict[str, Any]:
    """The members of CreateEndpointConfig: what serves, as it is now, and the model `name` on one instance."""
    now = {one["VariantName"]: one for one in found["ProductionVariants"]}
    serving = [
        one
        | {"InitialVariantWeight": now[one["VariantName"]]["CurrentWeight"]}
        | {"InitialInstanceCount": now[one["VariantName"]]["CurrentInstanceCount"]}
        for one in config["ProductionVariants"]
    ]
    weight = (
        serving[0]["InitialVariantWeight"] if shadow else 0.0
    )  # of a shadow: its share of the production variant's
    second = serving[0] | {
        "VariantName": variant,
        "ModelName": name,
        "InitialVariantWeight": weight,
    }
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
