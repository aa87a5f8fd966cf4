"""Check production variants as AWS does, and describe those of an endpoint."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.sagemaker.api.store import Record, timestamp

# https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html, memory size
_SERVERLESS_MEMORY_MB = range(1024, 6144 + 1, 1024)


def check_variants(variants: Sequence[Mapping[str, Any]]) -> None:
    """Check the production variants of an endpoint configuration.

    Raises:
        InvalidRequestError: two variants have the same name, or one is neither on instances nor
            serverless, or has an invalid setting.
    """
    if len({variant["VariantName"] for variant in variants}) < len(variants):
        raise InvalidRequestError("Two production variants have the same VariantName.")

    for number, variant in enumerate(variants, start=1):
        if "ServerlessConfig" in variant:
            _check_serverless(variant, number)
        elif "InstanceType" not in variant:
            raise InvalidRequestError(
                f"The production variant {variant['VariantName']} needs an InstanceType or a "
                "ServerlessConfig."
            )
    if len(variants) > 1 and any("ServerlessConfig" in variant for variant in variants):
        raise InvalidRequestError(
            "An endpoint with a serverless production variant has no other variant."
        )


def refuse_to_make_serverless(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse an update from instances to serverless; SageMaker allows the other direction.

    Source: SageMaker developer guide, "Deploy models with Serverless Inference", feature
    exclusions. It does not quote the message.

    Raises:
        InvalidRequestError: the variants in service run on instances, and a new one is serverless.
    """
    if not any("ServerlessConfig" in one for one in old) and any(
        "ServerlessConfig" in one for one in new
    ):
        raise InvalidRequestError(
            "An endpoint with instance-based production variants cannot be updated to a "
            "serverless endpoint."
        )


def refuse_network(variant: Mapping[str, Any], *places: Mapping[str, Any]) -> None:
    """Refuse a VPC or network isolation of a serverless variant; the same exclusions list them.

    Args:
        variant: The production variant.
        places: Its endpoint configuration, and its model.

    Raises:
        InvalidRequestError: it is serverless, and one of the places has either.
    """
    for member in ("VpcConfig", "EnableNetworkIsolation"):
        if "ServerlessConfig" in variant and any(place.get(member) for place in places):
            raise InvalidRequestError(
                f"{member} is not supported for serverless production variants."
            )


def check_shadows(
    shadows: Sequence[Mapping[str, Any]], variants: Sequence[Mapping[str, Any]]
) -> None:
    """Check the shadow variants of an endpoint configuration.

    Raises:
        InvalidRequestError: there is not one of each kind, or one is serverless.
    """
    if shadows and (len(shadows), len(variants)) != (1, 1):
        raise InvalidRequestError(
            "A configuration with a shadow variant must have exactly one shadow and one "
            "production variant."
        )
    if shadows and any("ServerlessConfig" in variant for variant in (*shadows, *variants)):
        raise InvalidRequestError("Shadow variants are not supported for serverless endpoints.")


def shadow_shares(plan: Record) -> dict[str, float]:
    """Return for each shadow variant the share of requests that it gets a copy of, by weight."""
    total = sum(variant["Summary"]["CurrentWeight"] for variant in plan["Variants"])
    shadows = {
        one["VariantName"]: one["Summary"]["CurrentWeight"]
        for one in plan.get("ShadowVariants", [])
    }
    return {name: min(weight / total, 1.0) if total else 0.0 for name, weight in shadows.items()}


def _check_serverless(variant: Mapping[str, Any], number: int) -> None:
    name = variant["VariantName"]
    config = variant["ServerlessConfig"]
    for member in ("InstanceType", "InitialInstanceCount"):
        if member in variant:
            raise InvalidRequestError(
                f"The production variant {name} has a ServerlessConfig, so it has no {member}."
            )
    if config["MemorySizeInMB"] not in _SERVERLESS_MEMORY_MB:
        raise InvalidRequestError(
            f"1 validation error detected: Value '{config['MemorySizeInMB']}' at "
            f"'productionVariants.{number}.member.serverlessConfig.memorySizeInMB' failed to "
            f"satisfy constraint: Member must satisfy enum value set: {list(_SERVERLESS_MEMORY_MB)}"
        )
    if config.get("ProvisionedConcurrency", 0) > config["MaxConcurrency"]:
        raise InvalidRequestError(
            f"The ProvisionedConcurrency of variant {name} is greater than its MaxConcurrency."
        )


def variant_summary(variant: Mapping[str, Any], image: str) -> Record:
    """Return the description of a production variant in DescribeEndpoint."""
    summary: Record = {"VariantName": variant["VariantName"]}
    for state in ("Current", "Desired"):
        summary[f"{state}Weight"] = variant["InitialVariantWeight"]
        if "ServerlessConfig" in variant:
            summary[f"{state}ServerlessConfig"] = variant["ServerlessConfig"]
        else:
            summary[f"{state}InstanceCount"] = variant.get("InitialInstanceCount", 1)

    summary["DeployedImages"] = [
        {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": timestamp()}
    ]
    return summary


def desired_changes(endpoint: Record, wanted: Sequence[Mapping[str, Any]]) -> dict[str, Record]:
    """Return the changed members by variant, from DesiredWeightsAndCapacities of a request.

    Raises:
        InvalidRequestError: the endpoint does not have the variant, a variant is named twice, or
            the count is invalid.
        NotEmulatedError: the request changes the concurrency of a serverless variant.
    """
    summaries = {
        variant["VariantName"]: variant for variant in endpoint.get("ProductionVariants", [])
    }
    changes: dict[str, Record] = {}
    for change in wanted:
        name = change["VariantName"]
        if name in changes:
            raise InvalidRequestError(
                f'The variant name "{name}" was non-unique within the request.'
            )
        if name not in summaries:
            config = endpoint["EndpointConfigName"]
            raise InvalidRequestError(
                f'The variant name(s) "{name}" is/are not present within endpoint configuration '
                f'"{config}".'
            )
        if "ServerlessUpdateConfig" in change:
            raise NotEmulatedError("ServerlessUpdateConfig is not emulated by the local SageMaker.")
        _check_count(name, change, summaries[name])
        changes[name] = {
            member: value for member, value in change.items() if member.startswith("Desired")
        }

    return changes


def with_retained(plan: Record, endpoint: Record, let_go: Container[str]) -> Record:
    """Return a plan whose variants have the current weight and instance count of their names.

    Data capture is not retained ("not currently supported", VariantProperty of SageMaker's API
    reference).

    Args:
        plan: The plan that an endpoint moves to.
        endpoint: The endpoint.
        let_go: The VariantPropertyTypes that come from the plan.
    """
    summaries = {
        variant["VariantName"]: variant for variant in endpoint.get("ProductionVariants", [])
    }
    retained = [
        member for member in ("DesiredWeight", "DesiredInstanceCount") if member not in let_go
    ]
    kept = [*retained, *(member.replace("Desired", "Current") for member in retained)]

    def summary(variant: Record) -> Record:
        # ^Only the members of both, since one of them may be serverless.
        old = summaries.get(variant["VariantName"], {})
        new = variant["Summary"]
        return {
            **new,
            **{member: old[member] for member in kept if member in old and member in new},
        }

    variants = [variant | {"Summary": summary(variant)} for variant in plan["Variants"]]

    return plan | {"Variants": variants}


def _check_count(name: str, change: Mapping[str, Any], summary: Record) -> None:
    if "DesiredInstanceCount" not in change:
        return
    if "DesiredInstanceCount" not in summary:
        raise InvalidRequestError(
            f"The production variant {name} is serverless: it has no DesiredInstanceCount."
        )
    if change["DesiredInstanceCount"] < 1:
        raise InvalidRequestError(f"The DesiredInstanceCount of variant {name} is less than 1.")
