"""A nested stack that is updated keeps the attributes of its resources."""

from typing import Any

import pytest
from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners

GROUP = {"LogGroupName": "/aws/events/tests"}


@pytest.fixture
def updated(ministack: Any) -> Any:
    """Create a log group in a stack, update its properties, and return its attributes."""
    made, attributes = provisioners._provision_resource(
        "AWS::Logs::LogGroup", "Log", GROUP, "nested"
    )
    resources = {"Log": {"PhysicalResourceId": made, "Attributes": attributes}}
    cloudformation._stacks["nested"] = {"_resources": resources}

    def update(**changes: Any) -> tuple[str | None, str | None]:
        new = {**GROUP, **changes}
        _, after = provisioners._update_resource(
            "AWS::Logs::LogGroup", made, GROUP, new, "nested", "Log"
        )
        return attributes.get("Arn"), after.get("Arn")

    yield update
    del cloudformation._stacks["nested"]


@pytest.mark.parametrize("changes", [{}, {"RetentionInDays": 7}])
def test_update_of_a_nested_resource_keeps_its_arn(updated: Any, changes: dict[str, int]) -> None:
    before, after = updated(**changes)
    assert before == after
    assert str(after).endswith("log-group:/aws/events/tests:*")
