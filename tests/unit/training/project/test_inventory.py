"""Tags decide which resources belong to the project and the environment."""

import pytest

from training.project.inventory import carries_our_tags
from training.project.naming import Names


@pytest.mark.parametrize(
    ("owned", "tags"),
    [
        (True, {"project": "scones-unlimited", "environment": "prod", "run": "another"}),
        (True, {"project": "scones-unlimited", "stage": "prod"}),  # of an earlier release
        (False, {"project": "scones-unlimited", "environment": "dev", "stage": "prod"}),
        (False, {"project": "scones-unlimited", "stage": "dev"}),
        (False, {"project": "parcels", "environment": "prod"}),
        (False, {"project": "scones-unlimited"}),
        (False, {}),
    ],
)
def test_tags_decide_ownership(owned: bool, tags: dict[str, str]) -> None:
    found = [{"Key": key, "Value": value} for key, value in tags.items()]
    assert owned == carries_our_tags(Names(environment="prod"), found)
