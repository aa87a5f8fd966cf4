"""Add a second model to the endpoint, as a variant or as a shadow."""

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
    """Add a second model to the endpoint, and return the name of the new configuration.

    A variant has a weight of 0 and answers only requests that name it. A shadow gets a copy of
    every request. The attempt records the name before any resource has it.

    Raises:
        ServerlessEndpointError: The endpoint is serverless; nothing was created.
        VariantTakenError: The variant serves another model; nothing was created.
        RolledBackError: SageMaker rolled back the update.
        EndpointFailedError: The endpoint failed.
        EndpointStuckError: The change takes longer than the timeout.
        QuotaExceededError: The account's quota is too small.
    """
    found = endpoint.in_service(timeout)
    facts = attempt.facts
    serving = found["EndpointConfigName"]
    if serving == facts.get("name"):
        return str(serving)  # an earlier attempt finished the update

    config = aws.sagemaker.describe_endpoint_config(EndpointConfigName=serving)
    _check_room(config, variant)
    # A configuration for another base would restore an outdated model.
    resumes = facts.get("beside") == serving
    name = str(facts["name"]) if resumes else endpoint.names.dated()
    attempt.note(name=name, beside=serving)

    tags = endpoint.names.tag_list
    request = config_request(found, config, name, variant, shadow=shadow) | {"Tags": tags}
    endpoint.prepare(request, model_request(name, model, model.role, tags))
    endpoint.say(f"gets the variant {variant}, and keeps answering meanwhile")
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
    """Return the CreateEndpointConfig request: the present variants and the new model."""
    now = {one["VariantName"]: one for one in found["ProductionVariants"]}
    serving = [
        one
        | {"InitialVariantWeight": now[one["VariantName"]]["CurrentWeight"]}
        | {"InitialInstanceCount": now[one["VariantName"]]["CurrentInstanceCount"]}
        for one in config["ProductionVariants"]
    ]
    # A shadow's weight is relative to the weight of the production variant.
    weight = serving[0]["InitialVariantWeight"] if shadow else 0.0
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
