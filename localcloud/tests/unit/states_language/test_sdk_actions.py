"""Names of services and actions in a Resource that calls an AWS SDK."""

import pytest
from botocore.loaders import Loader

from localcloud.states_language.sdk_actions import _folders, _name, is_sdk_action


# "Supported AWS SDK service integrations" lists these names.
@pytest.mark.parametrize(
    ("service", "action"),
    [
        ("sfn", "startSyncExecution"),
        ("s3", "listObjectsV2"),
        ("ssm", "getParameter"),
        ("cloudwatchlogs", "putLogEvents"),
        ("eventbridge", "putEvents"),
        ("databasemigration", "createEndpoint"),
        ("directory", "createDirectory"),
        ("directoryservicedata", "createUser"),
        ("elasticloadbalancingv2", "createRule"),
        ("lexruntimev2", "putSession"),
        ("rds", "createDBInstance"),
        ("sesv2", "sendEmail"),
    ],
)
def test_documented_service_has_its_actions(service: str, action: str) -> None:
    assert is_sdk_action(service, action)


@pytest.mark.parametrize(
    ("service", "action"),
    [("stepfunctions", "startExecution"), ("logs", "putLogEvents"), ("s3", "HeadObject"), ("", "")],
)
def test_other_names_do_not_exist(service: str, action: str) -> None:
    assert not is_sdk_action(service, action)


@pytest.mark.parametrize("name", sorted(_folders())[::40])
def test_service_is_named_by_its_id(name: str) -> None:
    model = Loader().load_service_model(_folders()[name], "service-2")
    assert name == _name(model["metadata"]["serviceId"])
