"""Check which invocations are captured, where, and in which format."""

import json
from base64 import b64decode
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.sagemaker.hosting.data_capture import Captured, Payload, capture_files

CONFIG = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captured/here/",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {
        "CsvContentTypes": ["text/csv"],
        "JsonContentTypes": ["application/json"],
    },
}
NOON = 1_767_960_000.5  # 2026-01-09 12:00:00.5 UTC


def captured(
    variant: str = "blue", time: float = NOON, config: dict[str, Any] = CONFIG
) -> Captured:
    asked = Payload("application/x-image", b"\x89PNG")
    answered = Payload("application/json", b"[0.5,0.5]")
    return Captured(
        config, "trucks", variant, time, asked, answered, "order-7", "arn:aws:iam::0:role/hosting"
    )


def line(invocation: Captured) -> Any:
    (file,) = capture_files([invocation])
    return json.loads(file.body)


def test_file_has_a_key_of_endpoint_variant_and_hour() -> None:
    (file,) = capture_files([captured()])

    assert file.url.startswith("s3://captured/here/trucks/blue/2026/01/09/12/00-00-500-")
    assert file.url.endswith(".jsonl")


def test_invocations_of_different_hours_and_variants_have_different_files() -> None:
    files = list(
        capture_files([captured(), captured(), captured(time=NOON + 3600), captured("green")])
    )

    assert [2, 1, 1] == [len(file.body.splitlines()) for file in files]


def test_line_holds_both_payloads_and_the_time_and_id() -> None:
    found = line(captured())

    sent = found["captureData"]["endpointInput"]
    assert "application/x-image" == sent["observedContentType"]
    assert "INPUT" == sent["mode"]
    assert "BASE64" == sent["encoding"]
    assert b"\x89PNG" == b64decode(sent["data"])
    expected = {
        "observedContentType": "application/json",
        "mode": "OUTPUT",
        "data": "[0.5,0.5]",
        "encoding": "JSON",
    }
    assert expected == found["captureData"]["endpointOutput"]
    assert "order-7" == found["eventMetadata"]["inferenceId"]
    assert "2026-01-09T12:00:00Z" == found["eventMetadata"]["inferenceTime"]
    assert "0" == found["eventVersion"]


@pytest.mark.parametrize(
    ("mode", "members"),
    [
        ("Input", {"endpointInput"}),
        ("Output", {"endpointOutput"}),
        ("InputAndOutput", {"endpointInput", "endpointOutput"}),
    ],
)
def test_line_holds_the_payloads_of_the_options(mode: str, members: set[str]) -> None:
    found = line(captured(config=CONFIG | {"CaptureOptions": [{"CaptureMode": mode}]}))

    assert members == found["captureData"].keys()


def test_payload_of_a_content_type_that_is_not_listed_is_base64() -> None:
    unlisted = {
        member: value for member, value in CONFIG.items() if member != "CaptureContentTypeHeader"
    }

    assert "BASE64" == line(captured(config=unlisted))["captureData"]["endpointOutput"]["encoding"]


def serve(cloud: Any, behaviour: str = "truck", **changes: Any) -> None:
    cloud.create_model("truck", behaviour)
    variant = {
        "VariantName": "blue",
        "ModelName": "truck",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    cloud.control.create_endpoint_config(
        EndpointConfigName="trucks",
        ProductionVariants=[variant],
        DataCaptureConfig=CONFIG | changes,
    )
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    cloud.settle("trucks")


def test_invocations_of_a_captured_endpoint_are_written(cloud: Any) -> None:
    serve(cloud)
    for picture in (b"first", b"second"):
        cloud.runtime.invoke_endpoint(
            EndpointName="trucks", Body=picture, ContentType="application/x-image"
        )

    cloud.publish()

    (file,) = cloud.telemetry.files
    lines = [
        json.loads(text)["captureData"]["endpointInput"]["data"] for text in file.body.splitlines()
    ]
    assert [b"first", b"second"] == [b64decode(data) for data in lines]


def test_endpoint_description_has_the_capture(cloud: Any) -> None:
    serve(cloud, KmsKeyId="alias/capture")

    expected = {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": "s3://captured/here/",
        "KmsKeyId": "alias/capture",
    }
    assert expected == cloud.control.describe_endpoint(EndpointName="trucks")["DataCaptureConfig"]


@pytest.mark.parametrize("changes", [{"EnableCapture": False}, {"InitialSamplingPercentage": 0}])
def test_unsampled_invocations_are_not_written(cloud: Any, changes: dict[str, Any]) -> None:
    serve(cloud, **changes)
    cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")

    cloud.publish()

    assert [] == cloud.telemetry.files


def test_invocation_that_the_model_refuses_is_not_written(cloud: Any) -> None:
    serve(cloud, "refuse")
    with pytest.raises(ClientError, match="ModelError"):
        cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")

    cloud.publish()

    assert [] == cloud.telemetry.files


def test_update_to_a_configuration_without_capture_ends_it(cloud: Any) -> None:
    serve(cloud)
    cloud.create_config("plain", truck=1.0)
    cloud.control.update_endpoint(EndpointName="trucks", EndpointConfigName="plain")
    cloud.settle("trucks")
    cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")

    cloud.publish()

    assert [] == cloud.telemetry.files
    assert "DataCaptureConfig" not in cloud.control.describe_endpoint(EndpointName="trucks")


def test_unwritable_destination_loses_data_and_not_the_endpoint(cloud: Any, caplog: Any) -> None:
    serve(cloud)
    cloud.telemetry.unavailable = True
    cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")

    cloud.publish()

    assert "Captured data is lost, s3://captured/here/trucks/blue/" in caplog.text
    assert "NoSuchBucket" in caplog.text
