"""Ask for the quota of a training job before it is created."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from cli.aws import QuotaExceededError
from training.jobs.plan import Plan
from training.jobs.quotas import check_quota
from training.steps.context import Context

GPU = "ml.g4dn.xlarge for training job usage"


@pytest.fixture
def quotas(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.service_quotas) as stubber:
        yield stubber


def listed(stubber: Stubber, name: str, value: float, token: str | None = None) -> None:
    following: dict[str, Any] = {"NextToken": token} if token else {}
    stubber.add_response(
        "list_service_quotas", {"Quotas": [{"QuotaName": name, "Value": value}], **following}
    )


def check(context: Context, plan: Plan) -> None:
    check_quota(context.aws.service_quotas, plan, context.console)


def test_missing_gpu_quota_names_the_algorithm_that_needs_none(
    context: Context, quotas: Stubber, plan: Plan
) -> None:
    listed(quotas, "other", 5, "second page")
    listed(quotas, GPU, 0)
    with pytest.raises(QuotaExceededError, match=f'"{GPU}" is 0.*transfer-learning. needs no GPU'):
        check(context, plan)


def test_missing_cpu_quota_does_not(context: Context, quotas: Stubber, plan: Plan) -> None:
    listed(quotas, "ml.m5.large for training job usage", 0)
    machine = replace(plan, algorithm="transfer-learning", instance_type="ml.m5.large")
    with pytest.raises(QuotaExceededError) as caught:
        check(context, machine)
    assert "needs no GPU" not in str(caught.value)


def test_spot_training_has_a_quota_of_its_own(
    context: Context, quotas: Stubber, plan: Plan
) -> None:
    listed(quotas, "ml.g4dn.xlarge for spot training job usage", 0)
    with pytest.raises(QuotaExceededError, match="spot training job usage"):
        check(context, replace(plan, max_wait=7200))


def test_quota_of_one_is_enough(context: Context, quotas: Stubber, plan: Plan) -> None:
    listed(quotas, GPU, 1)
    check(context, plan)
    quotas.assert_no_pending_responses()


def test_quota_that_is_not_listed_is_not_refused(
    context: Context, quotas: Stubber, plan: Plan
) -> None:
    listed(quotas, "other", 0)
    check(context, plan)


def test_unreadable_quota_is_reported(
    context: Context, quotas: Stubber, plan: Plan, shown: io.StringIO
) -> None:
    quotas.add_client_error("list_service_quotas", "AccessDeniedException")
    check(context, plan)
    assert "is not checked" in shown.getvalue()
