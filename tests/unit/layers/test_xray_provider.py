"""The tracing provider against a UDP socket in the place of Lambda's X-Ray daemon."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest
from observability.xray_provider import XRayProvider, lambda_tracer

Received = Callable[[], list[dict[str, Any]]]


def test_in_subsegment_sampled_invocation_sends_a_subsegment(traced_subsegments: Received) -> None:
    with XRayProvider().in_subsegment("## read_image", namespace="remote"):
        pass
    (sent,) = traced_subsegments()
    expected = {
        "name": "## read_image",
        "type": "subsegment",
        "namespace": "remote",
        "trace_id": "1-65a4f000-0123456789abcdef01234567",
        "parent_id": "53995c3f42cd8ad8",
    }
    assert expected == {key: sent[key] for key in expected}


def test_in_subsegment_sends_what_the_daemon_needs_to_order_it(
    traced_subsegments: Received,
) -> None:
    with XRayProvider().in_subsegment("work"):
        pass
    (sent,) = traced_subsegments()
    assert 16 == len(bytes.fromhex(sent["id"])) * 2
    assert sent["start_time"] <= sent["end_time"]


def test_in_subsegment_nested_is_a_child(traced_subsegments: Received) -> None:
    provider = XRayProvider()
    with provider.in_subsegment("outer"), provider.in_subsegment("inner"):
        pass
    inner, outer = traced_subsegments()
    assert outer["id"] == inner["parent_id"]
    assert "53995c3f42cd8ad8" == outer["parent_id"]


def test_in_subsegment_siblings_share_a_parent(traced_subsegments: Received) -> None:
    provider = XRayProvider()
    with provider.in_subsegment("outer"):
        for _ in range(2):
            with provider.in_subsegment("inner"):
                pass
    one, other, outer = traced_subsegments()
    assert [outer["id"]] * 2 == [one["parent_id"], other["parent_id"]]


def test_in_subsegment_async_tasks_keep_their_own_parents(traced_subsegments: Received) -> None:
    provider = XRayProvider()

    async def work(name: str) -> None:
        async with provider.in_subsegment_async(name):
            await asyncio.sleep(0)
            async with provider.in_subsegment_async(f"in {name}"):
                await asyncio.sleep(0)

    async def both() -> None:
        await asyncio.gather(work("one"), work("two"))

    asyncio.run(both())
    sent = {segment["name"]: segment for segment in traced_subsegments()}
    assert [sent["one"]["id"], sent["two"]["id"]] == [
        sent["in one"]["parent_id"],
        sent["in two"]["parent_id"],
    ]


def test_in_subsegment_exception_is_a_fault_and_raised_again(traced_subsegments: Received) -> None:
    with pytest.raises(ValueError, match="no pixels"), XRayProvider().in_subsegment("work"):
        raise ValueError("no pixels")
    (sent,) = traced_subsegments()
    (exception,) = sent["cause"]["exceptions"]
    assert sent["fault"] is True
    assert "ValueError" == exception["type"]
    assert "no pixels" == exception["message"]
    assert __file__ == exception["stack"][-1]["path"]


def test_in_subsegment_success_has_no_fault(traced_subsegments: Received) -> None:
    with XRayProvider().in_subsegment("work"):
        pass
    assert not {"fault", "cause"} & traced_subsegments()[0].keys()


def test_put_annotation_and_metadata_join_the_open_subsegment(traced_subsegments: Received) -> None:
    provider = XRayProvider()
    with provider.in_subsegment("work"):
        provider.put_annotation("ColdStart", True)
        provider.put_metadata("size", {"width": 341}, namespace="image")
    (sent,) = traced_subsegments()
    assert {"ColdStart": True} == sent["annotations"]
    assert {"image": {"size": {"width": 341}}} == sent["metadata"]


def test_put_annotation_outside_a_subsegment_is_dropped(traced_subsegments: Received) -> None:
    XRayProvider().put_annotation("ColdStart", True)
    assert [] == traced_subsegments()


circle: list[Any] = []
circle.append(circle)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ValueError("no pixels"), "no pixels"),
        ({"one": {1, 2}.__class__}, {"one": "<class 'set'>"}),
        (circle, "not JSON: list"),
        (float("nan"), "not JSON: float"),
        ({(1, 2): 3}, "not JSON: dict"),
        (None, None),
    ],
)
def test_put_metadata_foreign_value_becomes_text(
    traced_subsegments: Received, value: Any, expected: Any
) -> None:
    provider = XRayProvider()
    with provider.in_subsegment("work"):
        provider.put_metadata("value", value)
    assert expected == traced_subsegments()[0]["metadata"]["default"]["value"]


def test_put_metadata_long_value_is_cut(traced_subsegments: Received) -> None:
    provider = XRayProvider()
    with provider.in_subsegment("work"):
        provider.put_metadata("image", "A" * 1_000_000)
    assert 4_000 == len(traced_subsegments()[0]["metadata"]["default"]["image"])


def test_in_subsegment_too_much_metadata_is_left_out(traced_subsegments: Received) -> None:
    provider = XRayProvider()
    with provider.in_subsegment("work"):
        for number in range(30):
            provider.put_metadata(f"image {number}", "A" * 3_900)
    (sent,) = traced_subsegments()
    assert "work" == sent["name"]
    assert "metadata" not in sent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (
            "_X_AMZN_TRACE_ID",
            "Root=1-65a4f000-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=0",
        ),
        ("_X_AMZN_TRACE_ID", "Root=1-65a4f000-0123456789abcdef01234567"),
        ("_X_AMZN_TRACE_ID", ""),
        ("POWERTOOLS_TRACE_DISABLED", "true"),
        ("AWS_SAM_LOCAL", "true"),
    ],
)
def test_in_subsegment_untraced_invocation_sends_nothing(
    traced_subsegments: Received, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with XRayProvider().in_subsegment("work"):
        pass
    assert [] == traced_subsegments()


def test_in_subsegment_daemon_address_with_protocols_is_understood(
    traced_subsegments: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(5)
        monkeypatch.setenv(
            "AWS_XRAY_DAEMON_ADDRESS", f"tcp:127.0.0.1:1 udp:127.0.0.1:{daemon.getsockname()[1]}"
        )
        with XRayProvider().in_subsegment("work"):
            pass
        assert daemon.recv(65_536).startswith(b'{"format": "json", "version": 1}\n{')


@pytest.mark.parametrize("address", [None, "", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:0"])
def test_in_subsegment_without_daemon_is_noted_once(
    traced_subsegments: Received,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    address: str | None,
) -> None:
    if address is None:
        monkeypatch.delenv("AWS_XRAY_DAEMON_ADDRESS")
    else:
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
    caplog.set_level(logging.DEBUG, "observability.xray_provider")
    provider = XRayProvider()
    for _ in range(2):
        with provider.in_subsegment("work"):
            pass
    assert ["observability.xray_provider"] == [record.name for record in caplog.records]


def test_lambda_tracer_outside_lambda_runs_the_method() -> None:
    tracer = lambda_tracer()

    @tracer.capture_method
    def work() -> str:
        tracer.put_annotation("Place", "outside")
        return "done"

    assert "done" == work()


@pytest.mark.parametrize("name", ["POWERTOOLS_TRACE_DISABLED", "AWS_SAM_LOCAL"])
def test_lambda_tracer_disabled_needs_no_xray_sdk(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "true")
    assert isinstance(lambda_tracer().provider, XRayProvider)


def test_lambda_tracer_captures_the_handler_but_not_its_answer(
    traced_subsegments: Received,
) -> None:
    tracer = lambda_tracer()

    @tracer.capture_lambda_handler(capture_response=False)
    def handler(_event: Any, _context: Any) -> dict[str, str]:
        return {"image_data": "secret pixels"}

    handler({}, None)
    (sent,) = traced_subsegments()
    assert "## handler" == sent["name"]
    assert "secret pixels" not in str(sent)
