import pytest

from localcloud.lambda_runtime.settings import PoolSettings
from localcloud.lambda_runtime.variables import function_variables

CONFIG = {
    "FunctionName": "classify",
    "FunctionArn": "arn:aws:lambda:eu-central-1:000000000000:function:classify",
    "Runtime": "python3.13",
    "Version": "$LATEST",
    "MemorySize": 256,
    "LoggingConfig": {
        "LogFormat": "JSON",
        "LogGroup": "/apples/classify",
        "ApplicationLogLevel": "INFO",
    },
}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}


def test_variables_describe_the_function(settings: PoolSettings) -> None:
    expected = {
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "classify",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/apples/classify",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
    }
    assert expected.items() <= function_variables(CONFIG, {}, CREDENTIALS, settings).items()


def test_variables_hold_the_credentials_of_the_role(settings: PoolSettings) -> None:
    assert CREDENTIALS.items() <= function_variables(CONFIG, {}, CREDENTIALS, settings).items()


def test_variables_point_clients_at_the_local_cloud(settings: PoolSettings) -> None:
    assert (
        settings.endpoint_url
        == function_variables(CONFIG, {}, CREDENTIALS, settings)["AWS_ENDPOINT_URL"]
    )


def test_own_variable_of_the_function_wins(settings: PoolSettings) -> None:
    assert (
        ":Europe/Rome"
        == function_variables(CONFIG, {"TZ": ":Europe/Rome"}, CREDENTIALS, settings)["TZ"]
    )


def test_variables_of_the_host_are_not_passed_on(
    settings: PoolSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = function_variables(CONFIG, {}, CREDENTIALS, settings)
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    assert before == function_variables(CONFIG, {}, CREDENTIALS, settings)
