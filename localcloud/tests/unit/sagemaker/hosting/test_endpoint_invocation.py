"""Invoke endpoints with boto3."""

import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError


def invoke(cloud: Any, endpoint: str, **options: Any) -> Any:
    return cloud.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"picture", **options)


def error_of(cloud: Any, endpoint: str, **options: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        invoke(cloud, endpoint, **options)
    return dict(raised.value.response)


def test_invocation_of_endpoint_in_service_returns_the_models_answer(cloud: Any) -> None:
    cloud.create_endpoint("trucks", "truck")

    answer = invoke(cloud, "trucks")

    assert 7 == json.loads(answer["Body"].read())["bytes"]


def test_invocation_with_headers_forwards_those_meant_for_the_model(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    answer = invoke(
        cloud,
        "trucks",
        ContentType="application/x-image",
        Accept="application/json",
        CustomAttributes="a",
    )

    expected = {"content-type": "application/x-image", "accept": "application/json"}
    custom = {"x-amzn-sagemaker-custom-attributes": "a"}
    assert expected | custom == json.loads(answer["Body"].read())["headers"]


def test_invocation_answer_has_content_type_variant_and_custom_attributes(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    answer = invoke(cloud, "trucks")

    assert "application/json" == answer["ContentType"]
    assert "trucks" == answer["InvokedProductionVariant"]
    assert "trace=1" == answer["CustomAttributes"]


def test_invocation_with_target_variant_reaches_it_independent_of_its_weight(cloud: Any) -> None:
    cloud.create_model("new", "new")
    cloud.create_model("old", "old")
    cloud.create_config("both", new=0.0, old=1.0)
    cloud.control.create_endpoint(EndpointName="both", EndpointConfigName="both")
    cloud.settle("both")

    assert "new" == invoke(cloud, "both", TargetVariant="new")["InvokedProductionVariant"]


def test_invocations_without_target_follow_the_weights(cloud: Any) -> None:
    cloud.create_model("new", "new")
    cloud.create_model("old", "old")
    cloud.create_config("both", new=1.0, old=9.0)
    cloud.control.create_endpoint(EndpointName="both", EndpointConfigName="both")
    cloud.settle("both")

    reached = Counter(invoke(cloud, "both")["InvokedProductionVariant"] for _ in range(150))

    # ^15 of 150 are expected, with a standard deviation of 3.7: outside 1 to 40 once in
    # millions of runs.
    assert 1 <= reached["new"] <= 40


def test_invocation_of_unknown_endpoint_is_a_validation_error(cloud: Any) -> None:
    error = error_of(cloud, "nobody")["Error"]

    assert "ValidationError" == error["Code"]
    assert "Endpoint nobody of account 000000000000 not found." == error["Message"]


def test_invocation_of_failed_endpoint_is_a_validation_error(cloud: Any) -> None:
    cloud.create_endpoint("broken", "cannot load")

    assert "ValidationError" == error_of(cloud, "broken")["Error"]["Code"]


def test_invocation_of_unknown_variant_is_a_validation_error(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    error = error_of(cloud, "trucks", TargetVariant="green")["Error"]

    assert "ValidationError" == error["Code"]
    assert "Endpoint trucks has no production variant green." == error["Message"]


def test_invocation_with_target_model_is_refused(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    assert "multi-model" in error_of(cloud, "trucks", TargetModel="a.tar.gz")["Error"]["Message"]


def test_invocation_with_header_of_another_feature_is_refused(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    message = error_of(cloud, "trucks", SessionId="NEW_SESSION")["Error"]["Message"]

    assert (
        "The header x-amzn-sagemaker-session-id is not emulated by the local SageMaker." == message
    )


def test_model_that_answers_4xx_is_a_model_error_with_its_status_and_message(cloud: Any) -> None:
    cloud.create_endpoint("refusing", "refuse")

    error = error_of(cloud, "refusing")

    assert 424 == error["ResponseMetadata"]["HTTPStatusCode"]
    assert "ModelError" == error["Error"]["Code"]
    assert 415 == error["OriginalStatusCode"]
    assert "no such content type" == error["OriginalMessage"]


def test_model_error_names_the_log_group_of_the_endpoint(cloud: Any) -> None:
    cloud.create_endpoint("refusing", "refuse")

    expected = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/refusing"
    assert expected == error_of(cloud, "refusing")["LogStreamArn"]


def test_model_that_crashes_is_a_model_error_500(cloud: Any) -> None:
    cloud.create_endpoint("crashing", "crash")

    assert 500 == error_of(cloud, "crashing")["OriginalStatusCode"]


def test_model_that_does_not_answer_in_time_is_a_model_error_0(cloud: Any) -> None:
    cloud.restart(model_time_limit_seconds=0.05)
    cloud.create_endpoint("hanging", "hang")

    error = error_of(cloud, "hanging")

    assert 0 == error["OriginalStatusCode"]
    assert "timed out" in error["OriginalMessage"]


def test_payload_above_the_limit_is_refused_with_413(cloud: Any) -> None:
    with pytest.raises(ClientError) as raised:
        cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=bytes(6_291_457))

    assert 413 == raised.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_payload_at_the_limit_reaches_the_model(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    answer = cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=bytes(6_291_456))

    assert 6_291_456 == json.loads(answer["Body"].read())["bytes"]


def test_invocation_is_authorized_on_the_endpoints_arn_in_lower_case(cloud: Any) -> None:
    cloud.create_endpoint("Trucks")
    cloud.authorizer.asked.clear()

    invoke(cloud, "Trucks")

    arn = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/trucks"
    assert [("sagemaker:InvokeEndpoint", arn)] == cloud.authorizer.asked


def test_invocation_that_is_denied_answers_access_denied_403(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    arn = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/trucks"
    cloud.authorizer.denied.add(("sagemaker:InvokeEndpoint", arn))

    error = error_of(cloud, "trucks")

    assert "AccessDeniedException" == error["Error"]["Code"]
    assert 403 == error["ResponseMetadata"]["HTTPStatusCode"]
