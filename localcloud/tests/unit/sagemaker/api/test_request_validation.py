"""Send wrong requests as raw JSON, since boto3 refuses some of them itself."""

from typing import Any

import httpx
import pytest

NAME = (
    "Value 'no_such_name' at 'modelName' failed to satisfy constraint: "
    "Member must satisfy regular expression pattern"
)


def ask(server: Any, operation: str, body: str) -> dict[str, Any]:
    headers = {
        "X-Amz-Target": f"SageMaker.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
    }
    answer = httpx.post(server.url, content=body, headers=headers)
    return {"status": answer.status_code, **answer.json()}


@pytest.mark.parametrize(
    ("operation", "body", "sentence"),
    [
        (
            "DescribeModel",
            "{}",
            "Value null at 'modelName' failed to satisfy constraint: Member must not be null",
        ),
        ("DescribeModel", '{"ModelName": null}', "Value null at 'modelName'"),
        ("DescribeModel", '{"ModelName": "no_such_name"}', NAME),
        ("ListModels", '{"MaxResults": 0}', "Member must have value greater than or equal to 1"),
        ("ListModels", '{"MaxResults": 101}', "Member must have value less than or equal to 100"),
        (
            "ListModels",
            '{"SortOrder": "Up"}',
            "Member must satisfy enum value set: [Ascending, Descending]",
        ),
        (
            "CreateEndpointConfig",
            '{"EndpointConfigName": "trucks", "ProductionVariants": [{}]}',
            "Value null at 'productionVariants.1.member.variantName'",
        ),
        (
            "CreateModel",
            '{"ModelName": "truck", "PrimaryContainer": {"Environment": {"1": "x"}}}',
            "Value '1' at 'primaryContainer.environment.key' failed to satisfy constraint",
        ),
    ],
)
@pytest.mark.usefixtures("cloud")
def test_request_that_breaks_a_constraint_is_refused_in_aws_words(
    server: Any, operation: str, body: str, sentence: str
) -> None:
    answer = ask(server, operation, body)

    assert 400 == answer["status"]
    assert "ValidationException" == answer["__type"]
    assert sentence in answer["message"]


@pytest.mark.usefixtures("cloud")
def test_request_that_breaks_two_constraints_gets_both_messages(server: Any) -> None:
    message = ask(server, "CreateEndpoint", "{}")["message"]

    assert message.startswith("2 validation errors detected: ")


@pytest.mark.parametrize("body", ["{", "[]", '{"ModelName": 7}', '{"ModelName": true}'])
@pytest.mark.usefixtures("cloud")
def test_request_of_wrong_json_is_malformed(server: Any, body: str) -> None:
    answer = ask(server, "DescribeModel", body)

    assert 400 == answer["status"]
    assert "SerializationException" == answer["__type"]


@pytest.mark.usefixtures("cloud")
def test_operation_that_aws_does_not_have_is_refused(server: Any) -> None:
    expected = {
        "status": 400,
        "__type": "UnknownOperationException",
        "message": "SageMaker has no operation MakeCoffee.",
    }
    assert expected == ask(server, "MakeCoffee", "{}")


@pytest.mark.usefixtures("cloud")
def test_request_of_another_service_is_refused(server: Any) -> None:
    answer = httpx.get(f"{server.url}/bucket/key").json()

    assert "GET /bucket/key is not emulated by the local SageMaker." == answer["message"]


def test_unexpected_error_answers_internal_failure(cloud: Any, server: Any) -> None:
    cloud.authorizer.authorize = None

    answer = ask(server, "ListModels", "{}")

    assert 500 == answer["status"]
    assert "InternalFailure" == answer["__type"]
