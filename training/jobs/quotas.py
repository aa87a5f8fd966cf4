"""Ask for the quota of a training job's instance type, before the job is created."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import QuotaExceededError
from cli.instances import BUILT_IN, NEEDS_NO_GPU
from training.jobs.plan import Plan
from untrusted.console import Console

PAGE = 100  # quotas in an answer, the most that Service Quotas gives


def quota_name(instance_type: str, *, is_spot: bool) -> str:
    """Return the name of the quota of training jobs on an instance type."""
    return f"{instance_type} for {'spot ' if is_spot else ''}training job usage"


def check_quota(service_quotas: Any, plan: Plan, console: Console) -> None:
    """Refuse a job whose quota is 0; report a quota that cannot be read.

    Raises:
        QuotaExceededError: The account may not use the instance type.
    """
    quota = quota_name(plan.instance_type, is_spot=plan.max_wait is not None)
    try:
        value = _value(service_quotas, quota)
    except (ClientError, BotoCoreError):
        console.print(f'The quota "{quota}" is not checked, because it is not readable.')
        return
    if value is not None and value < 1:
        hint = f" {NEEDS_NO_GPU}" if plan.algorithm == BUILT_IN else ""
        raise QuotaExceededError(
            f'The quota "{quota}" is {value:g}. Request 1 in Service Quotas > Amazon SageMaker.'
            f"{hint}"
        )


def _value(service_quotas: Any, name: str) -> float | None:
    """Return the value of a quota, None if Service Quotas does not list it."""
    request: dict[str, Any] = {"ServiceCode": "sagemaker", "MaxResults": PAGE}
    while True:
        answer = service_quotas.list_service_quotas(**request)
        for quota in answer["Quotas"]:
            if quota["QuotaName"] == name:
                return float(quota["Value"])
        if "NextToken" not in answer:
            return None
        request["NextToken"] = answer["NextToken"]
