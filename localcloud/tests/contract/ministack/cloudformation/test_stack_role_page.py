"""docs/stack_roles.md lists the requests in a stack's role that are checked, and the others."""

import pytest

from localcloud.ministack.cloudformation.resource_requests import ACTIONS, AFTER_CREATION
from localcloud.tests.contract.ministack.cloudformation.stack_role_page import (
    COMMAND,
    PAGE,
    in_schema,
    not_made,
    page,
)


def test_page_matches_the_code() -> None:
    assert page() == PAGE.read_text(), f"Run: {COMMAND}"


@pytest.mark.parametrize("resource_type", ACTIONS)
def test_checked_requests_are_permissions_of_the_schema(resource_type: str) -> None:
    assert set(ACTIONS[resource_type]) <= in_schema(resource_type) - not_made(resource_type)


@pytest.mark.parametrize("resource_type", AFTER_CREATION)
def test_requests_after_a_creation_are_permissions_of_its_handler(resource_type: str) -> None:
    made = set(AFTER_CREATION[resource_type].values())
    assert made <= in_schema(resource_type, ["create"])
