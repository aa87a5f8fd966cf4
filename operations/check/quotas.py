"""Compare the account's quotas with the instances that training and an endpoint need."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli import instances
from operations.check.answers import Outcome, Row, read_error
from operations.check.permissions import LIST_QUOTAS

CHECK = "quota"
SERVICE_CODE = "sagemaker"
# The quota of the default machine of `train`, which is 0 in new accounts.
BUILT_IN_TRAINING = f"{instances.TRAINING[instances.BUILT_IN]} for training job usage"
PAGE = 100  # quotas in an answer, the most that Service Quotas gives


@dataclass(frozen=True)
class Need:
    """A number of needed instances of a type, with the name of their quota."""

    quota: str
    instances: int

    def judge(self, value: float) -> tuple[Outcome, str]:
        """Compare the account's quota with the need."""
        if value >= self.instances:
            return Outcome.ACCEPTED, f"{value:g}; {self.instances} needed"
        advice = "Ask for more under Service Quotas, Amazon SageMaker."
        if self.quota == BUILT_IN_TRAINING:
            advice += " `scones train --algorithm transfer-learning` needs no GPU."
        return Outcome.REFUSED, f"{value:g}, but {self.instances} needed. {advice}"


def needs(
    training_type: str,
    training_instances: int,
    endpoint_type: str,
    endpoint_instances: int,
) -> list[Need]:
    """Return the instances that training and an endpoint need.

    A blue/green update runs the old and the new instances of an endpoint at once.
    """
    return [
        Need(f"{training_type} for training job usage", training_instances),
        Need(f"{endpoint_type} for endpoint usage", 2 * endpoint_instances),
    ]


def check_quotas(service_quotas: Any, needed: list[Need]) -> Iterator[Row]:
    """Ask Service Quotas for the account's quotas, page by page, until all are found."""
    try:
        found = _find(service_quotas, {need.quota for need in needed})
    except (ClientError, BotoCoreError) as exc:
        outcome, message = read_error(exc, LIST_QUOTAS)
        yield from (Row(CHECK, need.quota, outcome, message) for need in needed)
        return

    for need in needed:
        if need.quota in found:
            yield Row(CHECK, need.quota, *need.judge(found[need.quota]))
        else:
            yield Row(
                CHECK,
                need.quota,
                Outcome.NOT_CHECKED,
                "Service Quotas lists no quota of this name here.",
            )


def _find(service_quotas: Any, names: set[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    paginator = service_quotas.get_paginator("list_service_quotas")
    for page in paginator.paginate(ServiceCode=SERVICE_CODE, PaginationConfig={"PageSize": PAGE}):
        listed = {one["QuotaName"]: one["Value"] for one in page["Quotas"]}
        found |= {name: listed[name] for name in names & listed.keys()}
        if found.keys() == names:
            break
    return found
