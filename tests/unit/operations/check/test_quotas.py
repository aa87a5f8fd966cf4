"""Check the requests to Service Quotas, and the comparison of quotas with needs."""

from typing import Any

import pytest

from operations.check.answers import Outcome
from operations.check.quotas import check_quotas, needs
from tests.unit.operations.check.modelled_aws import ModelledAws, refusal

TRAINING, ENDPOINT = "ml.g4dn.xlarge for training job usage", "ml.m5.large for endpoint usage"
NEEDS = needs("ml.g4dn.xlarge", 1, "ml.m5.large", 2)


def quota(name: str, value: float) -> dict[str, Any]:
    return {"QuotaName": name, "Value": value, "ServiceCode": "sagemaker"}


def test_endpoint_needs_twice_its_instances_for_a_blue_green_update() -> None:
    assert {TRAINING: 1, ENDPOINT: 4} == {need.quota: need.instances for need in NEEDS}


@pytest.mark.parametrize(("outcome", "value"), [(Outcome.ACCEPTED, 4.0), (Outcome.REFUSED, 3.0)])
def test_quota_below_the_need_is_refused(outcome: Outcome, value: float) -> None:
    aws = ModelledAws(
        {"ListServiceQuotas": lambda _: {"Quotas": [quota(TRAINING, 1), quota(ENDPOINT, value)]}},
    )
    rows = list(check_quotas(aws.connect().service_quotas, NEEDS))
    assert [Outcome.ACCEPTED, outcome] == [row.outcome for row in rows]
    assert rows[1].message.startswith(f"{value:g}")


def test_missing_gpu_quota_names_the_algorithm_that_needs_none() -> None:
    aws = ModelledAws(
        {"ListServiceQuotas": lambda _: {"Quotas": [quota(TRAINING, 0), quota(ENDPOINT, 0)]}},
    )
    training, endpoint = check_quotas(aws.connect().service_quotas, NEEDS)
    assert "--algorithm transfer-learning` needs no GPU" in training.message
    assert "needs no GPU" not in endpoint.message


def test_pages_are_read_until_all_quotas_are_found() -> None:
    def reply(parameters: dict[str, Any]) -> dict[str, Any]:
        page = int(parameters.get("NextToken", "0"))
        found = [quota(TRAINING, 1)] if page == 0 else [quota(ENDPOINT, 4)] if page == 2 else []
        return {"Quotas": found, "NextToken": str(page + 1)}

    aws = ModelledAws({"ListServiceQuotas": reply})
    rows = list(check_quotas(aws.connect().service_quotas, NEEDS))
    pages = [(one["ServiceCode"], one["MaxResults"]) for _, one in aws.asked]
    assert {Outcome.ACCEPTED} == {row.outcome for row in rows}
    assert [("sagemaker", 100)] * 3 == pages


def test_quota_that_is_not_listed_is_not_called_accepted() -> None:
    aws = ModelledAws({"ListServiceQuotas": lambda _: {"Quotas": [quota(TRAINING, 1)]}})
    rows = list(check_quotas(aws.connect().service_quotas, NEEDS))
    assert [Outcome.ACCEPTED, Outcome.NOT_CHECKED] == [row.outcome for row in rows]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.DENIED, "AccessDeniedException"),
        (Outcome.UNANSWERED, "TooManyRequestsException"),
        (Outcome.NOT_EMULATED, "UnknownOperationException"),
    ],
)
def test_error_leaves_every_quota_unchecked(outcome: Outcome, code: str) -> None:
    aws = ModelledAws({"ListServiceQuotas": refusal(code)})
    rows = list(check_quotas(aws.connect().service_quotas, NEEDS))
    assert [outcome] * 2 == [row.outcome for row in rows]
