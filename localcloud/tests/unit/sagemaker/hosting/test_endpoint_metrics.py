"""Publish the metrics of endpoints to CloudWatch."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.sagemaker.hosting.metrics import Invocation, metric_data


def published(
    *invocations: Invocation, instances: int | None = 1
) -> dict[str, tuple[str, dict[float, float]]]:
    """Return for each metric its unit and the count of each value."""
    data = metric_data(invocations, lambda endpoint, variant: instances)
    return {
        datum["MetricName"]: (
            datum["Unit"],
            dict(zip(datum["Values"], datum["Counts"], strict=True)),
        )
        for datum in data
    }


def invocation(
    status: int = 200, model_seconds: float = 0.0042, variant: str = "blue"
) -> Invocation:
    return Invocation("trucks", variant, None, status, model_seconds, 0.000123)


def test_metrics_of_an_invocation_have_the_names_and_units_of_aws() -> None:
    expected = {
        "Invocations": ("None", {1.0: 1.0}),
        "Invocation4XXErrors": ("None", {0.0: 1.0}),
        "Invocation5XXErrors": ("None", {0.0: 1.0}),
        "ModelLatency": ("Microseconds", {4200.0: 1.0}),
        "OverheadLatency": ("Microseconds", {120.0: 1.0}),
        "InvocationsPerInstance": ("None", {1.0: 1.0}),
    }
    assert expected == published(invocation())


def test_errors_are_counted_by_class() -> None:
    found = published(invocation(415), invocation(500), invocation(504), invocation())

    assert {0.0: 3.0, 1.0: 1.0} == found["Invocation4XXErrors"][1]
    assert {0.0: 2.0, 1.0: 2.0} == found["Invocation5XXErrors"][1]


def test_invocations_are_shared_by_the_instances() -> None:
    assert {0.25: 2.0} == published(invocation(), invocation(), instances=4)[
        "InvocationsPerInstance"
    ][1]


def test_serverless_variant_has_no_invocations_per_instance() -> None:
    assert "InvocationsPerInstance" not in published(invocation(), instances=None)


def test_variants_have_different_dimensions() -> None:
    data = metric_data([invocation(), invocation(variant="green")], lambda endpoint, variant: 1)

    found = {tuple(dimension["Value"] for dimension in datum["Dimensions"]) for datum in data}
    assert {("trucks", "blue"), ("trucks", "green")} == found


def test_datum_holds_no_more_values_than_cloudwatch_takes() -> None:
    slow = [
        invocation(model_seconds=seconds / 1000 * 10**magnitude)
        for seconds in range(10, 100)
        for magnitude in (0, 1)
    ]

    sizes = [
        len(datum["Values"])
        for datum in metric_data(slow, lambda *_: 1)
        if datum["MetricName"] == "ModelLatency"
    ]

    assert [150, 30] == sizes


def values(cloud: Any, name: str) -> list[float]:
    return [
        value
        for datum in cloud.telemetry.metrics
        if datum["MetricName"] == name
        for value, count in zip(datum["Values"], datum["Counts"], strict=True)
        for _ in range(int(count))
    ]


def test_invocation_of_an_endpoint_is_published(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")

    cloud.publish()

    assert [1.0] == values(cloud, "Invocations")


def test_invocation_is_published_once(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")

    cloud.publish()
    cloud.publish()

    assert [1.0] == values(cloud, "Invocations")


@pytest.mark.parametrize(
    ("behaviour", "metric"),
    [
        ("refuse", "Invocation4XXErrors"),
        ("crash", "Invocation5XXErrors"),
        ("hang", "Invocation5XXErrors"),
    ],
)
def test_error_of_the_model_is_published(cloud: Any, behaviour: str, metric: str) -> None:
    cloud.restart(model_time_limit_seconds=0.05)
    cloud.create_endpoint("trucks", behaviour)
    with pytest.raises(ClientError, match="ModelError"):
        cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")

    cloud.publish()

    assert [1.0] == values(cloud, metric)


def test_request_that_reaches_no_model_is_not_counted(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    with pytest.raises(ClientError, match="ValidationError"):
        cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture", TargetVariant="green")

    cloud.publish()

    assert [] == cloud.telemetry.metrics


def test_unavailable_cloudwatch_loses_metrics_and_not_the_endpoint(cloud: Any, caplog: Any) -> None:
    cloud.create_endpoint("trucks")
    cloud.telemetry.unavailable = True
    cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")

    cloud.publish()

    assert "The metrics of 1 invocations are lost" in caplog.text
