"""The command that has the service ask the endpoint."""

import pytest

from training.deploy.sam_command import sam_deploy_command
from training.naming import Names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (Names(), "sam deploy --parameter-overrides EndpointName=scones-unlimited Stage=dev"),
        (
            Names(stage="prod"),
            "sam deploy --config-env prod --parameter-overrides EndpointName=scones-unlimited-prod Stage=prod",
        ),
        (
            Names(stage="blue"),
            "sam deploy --stack-name scones-unlimited-blue "
            "--parameter-overrides EndpointName=scones-unlimited-blue Stage=dev",
        ),
        (Names("parcels"), "sam deploy --stack-name parcels --parameter-overrides EndpointName=parcels Stage=dev"),
        (
            Names("parcels", stage="prod"),
            "sam deploy --stack-name parcels-prod --parameter-overrides EndpointName=parcels-prod Stage=prod",
        ),
    ],
)
def test_the_command_changes_the_stack_of_the_stage_and_keeps_what_its_environment_sets(
    names: Names, expected: str
) -> None:
    assert expected == sam_deploy_command(names)
