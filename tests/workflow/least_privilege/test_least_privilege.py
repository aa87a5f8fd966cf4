"""Every role of the service has exactly the permissions that the calls of a full run need."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from localcloud.server.cloud import Cloud
from localcloud.server.settings import Folder
from tests.workflow.deployed import Deployed
from tests.workflow.least_privilege import record
from tests.workflow.least_privilege.boundary import as_permissions, boundary
from tests.workflow.least_privilege.branches import FOREIGN, Branches
from tests.workflow.least_privilege.deployment import Deployment, deployed
from tests.workflow.least_privilege.documented import documented
from tests.workflow.least_privilege.neighbours import neighbours
from tests.workflow.least_privilege.policies import Call, Policies
from tests.workflow.least_privilege.recorded import recorded
from tests.workflow.least_privilege.surplus import surplus

FEWEST_NEIGHBOURS = 15  # of each role


@dataclass(frozen=True)
class Evidence:
    """Deployed policies, allowed and denied calls, needed calls, and unneeded calls."""

    deployment: Deployment
    allowed: set[Call]
    denied: set[Call]
    needed: set[Call]
    neighbours: set[Call]


@pytest.fixture(scope="module")
def evidence(cloud: Cloud, cloud_folder: Folder, service: Deployed) -> Evidence:
    deployment = deployed(cloud, service.stack)
    Branches(cloud, service, deployment.names).drive()
    allowed = recorded(cloud_folder, deployment, allowed=True)
    denied = recorded(cloud_folder, deployment, allowed=False)
    needed = allowed | documented(service.stack, deployment)
    return Evidence(deployment, allowed, denied, needed, neighbours(needed, deployment.policies))


def test_every_call_that_is_needed_is_allowed(evidence: Evidence) -> None:
    assert [] == [call for call in evidence.needed if not evidence.deployment.policies.allows(call)]


def test_committed_record_of_calls_is_that_of_this_run(evidence: Evidence, tmp_path: Path) -> None:
    current = tmp_path / record.FILE.name
    current.write_text(
        record.page(record.lines(evidence.allowed, evidence.deployment.names)), encoding="utf-8"
    )
    message = (
        f"The service makes other calls. Copy {current} to {record.FILE}, and run tests/security."
    )
    assert record.FILE.read_text(encoding="utf-8") == current.read_text(encoding="utf-8"), message


def test_without_any_one_right_a_needed_call_is_denied(evidence: Evidence) -> None:
    assert [] == surplus(evidence.deployment.policies, evidence.needed, evidence.neighbours)


def test_neighbouring_resources_are_denied(
    evidence: Evidence, record_property: Callable[[str, object], None]
) -> None:
    policies = evidence.deployment.policies
    parts = sum(len(list(one.lesser())) for one in policies.statements)
    record_property(
        "shown",
        f"least privilege: {len(evidence.allowed)} different calls recorded, "
        f"{len(policies.statements)} statements tested ({parts} actions and resources, "
        f"one by one), {len(evidence.neighbours)} neighbours denied",
    )
    assert [] == [call for call in evidence.neighbours if policies.allows(call)]


def test_every_role_is_tried_on_many_neighbouring_resources(evidence: Evidence) -> None:
    count = Counter(call.caller for call in evidence.neighbours)
    assert [] == [role for role in evidence.deployment.roles if count[role] < FEWEST_NEIGHBOURS]


def test_boundary_allows_every_needed_call(
    evidence: Evidence, cloud: Cloud, service: Deployed
) -> None:
    roles = evidence.deployment.roles
    within = as_permissions(cloud, boundary(cloud, service.stack), roles)
    assert [] == [
        call for call in evidence.needed if call.caller in roles and not within.allows(call)
    ]


def with_change(evidence: Evidence, sid: str, **change: str | list[str]) -> Policies:
    """The policies with another field in one statement of classify_image's role."""
    policies = evidence.deployment.policies
    [statement] = [one for one in policies.statements if one.name == f"ClassifyImageRole.{sid}"]
    return policies.without(statement, {**statement.body, **change})


def test_right_that_nobody_needs_is_found(evidence: Evidence) -> None:
    policies = with_change(
        evidence, "ReadItsModelCard", Action=["ssm:GetParameter", "ssm:PutParameter"]
    )
    found = surplus(policies, evidence.needed, evidence.neighbours)
    assert ["ClassifyImageRole.ReadItsModelCard without ssm:PutParameter"] == found


@pytest.mark.parametrize(
    ("sid", "change"),
    [("ReadItsModelCard", {"Resource": "*"}), ("InvokeTheEndpoint", {"Action": "sagemaker:*"})],
)
def test_right_that_is_too_wide_is_found(
    evidence: Evidence, sid: str, change: dict[str, str]
) -> None:
    policies = with_change(evidence, sid, **change)
    assert {"ClassifyImageRole"} == {
        call.caller for call in evidence.neighbours if policies.allows(call)
    }


def test_role_of_a_function_is_enforced_while_it_runs(evidence: Evidence) -> None:
    denied = {
        (call.caller, call.action) for call in evidence.denied if f":::{FOREIGN}/" in call.resource
    }
    assert {("SerializeImageRole", "s3:GetObject")} == denied


def test_role_outside_of_a_vpc_may_touch_no_network(evidence: Evidence) -> None:
    actions = [
        action for one in evidence.deployment.policies.statements for action in one.parsed.actions
    ]
    assert [] == [action for action in actions if action.startswith("ec2:")]
