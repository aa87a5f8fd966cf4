"""The command that has the service ask the endpoint."""

from pathlib import Path

import pytest

from training.endpoint.sam_command import sam_deploy_command
from training.project.naming import Names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (Names(), "sam deploy --parameter-overrides EndpointName=scones-unlimited Environment=dev"),
        (
            Names(environment="prod"),
            "sam deploy --config-env prod --parameter-overrides "
            "EndpointName=scones-unlimited-prod Environment=prod",
        ),
        (
            Names(environment="blue"),
            "sam deploy --stack-name scones-unlimited-blue --s3-prefix scones-unlimited-blue "
            "--parameter-overrides EndpointName=scones-unlimited-blue Environment=dev",
        ),
        (
            Names("parcels"),
            "sam deploy --stack-name parcels --s3-prefix parcels "
            "--parameter-overrides EndpointName=parcels Environment=dev",
        ),
        (
            Names("parcels", environment="prod"),
            "sam deploy --config-env prod --stack-name parcels-prod --s3-prefix parcels-prod "
            "--parameter-overrides EndpointName=parcels-prod Environment=prod",
        ),
    ],
)
def test_command_updates_the_environments_stack_with_its_parameters(
    names: Names, expected: str
) -> None:
    assert expected == sam_deploy_command(names)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            Names(),
            "sam deploy --parameter-overrides EndpointName=scones-unlimited Environment=dev "
            "Architecture=x86_64",
        ),
        (
            Names("parcels"),
            "sam deploy --stack-name parcels --s3-prefix parcels "
            "--parameter-overrides EndpointName=parcels Architecture=x86_64 Environment=dev",
        ),
    ],
)
def test_parameter_of_samconfig_reaches_every_stack_that_is_built_with_it(
    names: Names, expected: str, tmp_path: Path
) -> None:
    samconfig = tmp_path / "samconfig.toml"
    samconfig.write_text(
        '[default.global.parameters]\nstack_name = "scones-unlimited"\n'
        'parameter_overrides = "Environment=dev EndpointName=old Architecture=x86_64"\n'
    )
    assert expected == sam_deploy_command(names, samconfig)


def test_command_without_samconfig_names_the_stage(tmp_path: Path) -> None:
    expected = "--parameter-overrides EndpointName=parcels Environment=dev"
    assert sam_deploy_command(Names("parcels"), tmp_path / "none").endswith(expected)
