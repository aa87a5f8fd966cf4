"""The deployed service on the local cloud with a trained model: from upload to outcome."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from cli.service import find_service
from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.server.cloud import Cloud
from tests.images.formats import jpeg_claiming, picture
from tests.images.threats import jpeg_in_jpeg
from tests.soak.endpoint_calls import CALLS_PER_EXECUTION
from tests.workflow.deployed import Deployed

ROOT = Path(__file__).parents[2]
TRUCK = sorted((ROOT / "examples/photos/test/truck").iterdir())[0]
PHOTO = sorted((ROOT / "examples/photos/large").rglob("*.jpg"))[0]


def noise(side: int, image_format: str) -> bytes:
    buffer = BytesIO()
    Image.effect_noise((side, side), 200).convert("RGB").save(buffer, image_format)
    return buffer.getvalue()


class TestUpload:
    """An uploaded image starts the workflow."""

    def test_function_that_was_built_for_another_processor_fails_with_what_to_do(
        self, service: Deployed, built: Path
    ) -> None:
        with service.packed_for_another_processor(
            "serialize-image", built / "SerializeImageFunction"
        ):
            url = service.put(TRUCK.read_bytes(), "other-processor.png")
            service.wait_for({url})
        record = service.record(url)
        assert "FAILED" == record["outcome"]
        assert "OtherProcessorError" == record["error"]
        assert (
            f"runs on {ARCHITECTURE}. Give the parameter Architecture={ARCHITECTURE} to both"
            in record["cause"]
        )

    def test_output_is_the_contracts_payload(self, service: Deployed) -> None:
        output = service.upload(TRUCK.read_bytes(), "contract.png").output
        card = service.model_card()
        assert {
            "image_processed": True,
            "classification": "truck",
            "passed_threshold": True,
            "image_url": f"s3://{service.bucket}/uploads/contract.png",
            "outcome": "ACCEPTED",
            "confidence_threshold": card["recommended_threshold"],
            "endpoint": service.endpoint,
            "variant": "AllTraffic",
            "model_digest": card["model_digest"],
        } == {
            key: value
            for key, value in output.items()
            if key
            not in {
                "version",
                "confidence_score",
                "processing_time_ms",
                "class_probabilities",
                "image_hash",
                "audit",
            }
        }
        assert re.fullmatch(r"[0-9a-f]{16}", output["image_hash"])
        assert isinstance(output["audit"]["drawn"], bool)
        assert output["confidence_score"] == max(output["class_probabilities"].values())
        assert card["labels"] == list(output["class_probabilities"])
        assert isinstance(output["processing_time_ms"], int)

    def test_accepted_upload_pays_eight_state_transitions(self, service: Deployed) -> None:
        decided = service.upload(TRUCK.read_bytes(), "transitions.png")
        assert "ACCEPTED" == decided.output["outcome"]
        assert [
            "Read input",
            "Valid input?",
            "Open record",
            "Serialize image",
            "Classify image",
            "Filter inferences",
            "Record prediction",
            "Announce outcome",
        ] == decided.path

    def test_record_holds_the_output_the_upload_and_the_execution(self, service: Deployed) -> None:
        decided = service.upload(TRUCK.read_bytes(), "record.png")
        record = service.plain(decided.record)
        assert decided.output == {name: record[name] for name in decided.output}
        own = {"uploaded_at", "execution", "recorded_at"}
        own |= {"waits_for"} if record["audit"]["drawn"] else set()  # one image in a hundred
        assert own == set(record) - set(decided.output)
        assert decided.execution == record["execution"]

    def test_every_version_of_an_image_is_decided(self, service: Deployed) -> None:
        versions = {
            service.upload(TRUCK.read_bytes(), "twice.png").record["version"] for _ in range(2)
        }
        assert 2 == len(versions)

    def test_object_outside_uploads_starts_nothing(self, service: Deployed) -> None:
        service.s3.put_object(
            Bucket=service.bucket, Key="elsewhere/truck.png", Body=TRUCK.read_bytes()
        )
        service.upload(TRUCK.read_bytes(), "after-elsewhere.png")
        assert [] == [url for url in service.decided_urls() if "/elsewhere/" in url]

    @pytest.mark.parametrize(
        ("error", "data"),
        [
            ("EmptyImageError", b""),
            ("UnsupportedImageFormatError", b"Dear sir or madam,"),
            ("CorruptImageError", TRUCK.read_bytes()[:200]),
            ("ImageTooLargeError", b"\xff\xd8\xff" + bytes(25_000_001)),
            ("CorruptImageError", jpeg_in_jpeg(picture("JPEG")[2:], marker=0xEE, length=0)),
            (
                "CorruptImageError",
                jpeg_in_jpeg(jpeg_claiming(16_000, 16_000, progressive=True)[2:], 0xEE, 0),
            ),
        ],
        ids=["empty", "no image", "truncated", "too large", "two pictures in one", "hidden frame"],
    )
    def test_image_that_cannot_be_read_is_unreadable(
        self, service: Deployed, error: str, data: bytes
    ) -> None:
        decided = service.upload(data, f"unreadable-{error}.jpg")
        assert (False, "UNREADABLE", error) == tuple(
            decided.output[field] for field in ("image_processed", "outcome", "error")
        )
        assert decided.output["cause"].endswith(".")
        assert decided.output["cause"] == decided.record["cause"]
        assert "confidence_threshold" not in decided.output
        assert decided.record["confidence_threshold"] is None

    def test_version_that_was_deleted_before_its_turn_is_unreadable(
        self, service: Deployed
    ) -> None:
        url = f"s3://{service.bucket}/uploads/deleted.png"
        output = service.start(
            {"image_url": url, "version_id": "gone", "uploaded_at": "2026-01-15T09:30:00Z#"}
        ).output
        assert "UNREADABLE" == output["outcome"]
        assert "ImageNotFoundError" == output["error"]

    def test_upload_that_cannot_start_the_workflow_is_recorded_as_failed(
        self, service: Deployed
    ) -> None:
        with service.rule_without_permission():
            url = service.put(TRUCK.read_bytes(), "undelivered.png")
            service.wait_for({url})
        record = service.record(url)
        assert "FAILED" == record["outcome"]
        assert "NO_PERMISSIONS" == record["error"]
        assert "states:StartExecution" in record["cause"]

    @pytest.mark.parametrize(
        "data",
        [PHOTO.read_bytes(), picture("HEIC"), noise(256, "PNG"), noise(1500, "JPEG")],
        ids=["12 megapixels", "HEIC", "small noise", "large noise"],
    )
    def test_no_state_holds_more_than_64_kib(self, service: Deployed, data: bytes) -> None:
        decided = service.upload(data, f"payload-{len(data)}.jpg")
        assert decided.output["image_processed"] is True
        assert 64 * 1024 >= max(len(text.encode()) for text in service.payloads(decided.execution))

    def test_names_of_any_form_are_decided_once_under_their_own_name(
        self, service: Deployed, cloud: Cloud, tmp_path: Path
    ) -> None:
        names = [
            "with spaces.png",
            "a+b.png",
            "100%20.png",
            "café.png",
            "num#ber.png",
            "quo\"te's.png",
            "x" * 900,
        ]
        (tmp_path / "truck.png").write_bytes(TRUCK.read_bytes())
        for name in names:
            url = f"s3://{service.bucket}/uploads/{name}"
            copy = ["aws", "s3", "cp", "--quiet", str(tmp_path / "truck.png"), url]
            subprocess.run(copy, env=dict(cloud.environment), check=True, timeout=60)
        urls = {f"s3://{service.bucket}/uploads/{name}" for name in names}
        service.wait_for(urls)
        counts = Counter(service.decided_urls())
        assert dict.fromkeys(urls, 1) == {url: counts[url] for url in urls}

    @pytest.mark.parametrize(
        "name", ["", "line\nbreak.png", "carriage\rreturn.png"], ids=["uploads/", "LF", "CR"]
    )
    def test_key_that_is_hard_to_write_in_xml_is_decided(
        self, service: Deployed, name: str
    ) -> None:
        decided = service.upload(TRUCK.read_bytes(), name)
        assert f"s3://{service.bucket}/uploads/{name}" == decided.output["image_url"]
        assert "ACCEPTED" == decided.output["outcome"]


class TestDirectInput:
    """Requests with `{"image_url": ..., "confidence_threshold": ...}`."""

    def test_confidence_below_the_inputs_threshold_goes_to_review(self, service: Deployed) -> None:
        url = service.archive(TRUCK.read_bytes(), "review.png")
        execution = service.start({"image_url": url, "confidence_threshold": 1})
        assert ("SUCCEEDED", "REVIEW", 1, False) == (
            execution.description["status"],
            *[
                execution.output[field]
                for field in ("outcome", "confidence_threshold", "passed_threshold")
            ],
        )

    def test_first_record_of_an_image_version_stands(self, service: Deployed) -> None:
        decided = service.upload(TRUCK.read_bytes(), "stands.png")
        again = service.start(
            {
                "image_url": decided.output["image_url"],
                "version_id": decided.record["version"],
                "confidence_threshold": 1,
            }
        )
        assert "Already recorded" == again.path[-1]
        assert "ACCEPTED" == service.record(decided.output["image_url"])["outcome"]

    def test_duplicate_answers_the_record_and_costs_no_function(self, service: Deployed) -> None:
        decided = service.upload(TRUCK.read_bytes(), "duplicate.png")
        again = service.start({"image_url": decided.output["image_url"]})
        assert [
            "Read input",
            "Valid input?",
            "Find version",
            "Valid input?",
            "Open record",
            "Read record",
            "Announced?",
            "Already recorded",
        ] == again.path
        assert decided.output == {name: again.output[name] for name in decided.output}

    @pytest.mark.parametrize("version", [{}, {"version_id": "malformed"}], ids=str)
    def test_missing_image_fails_with_a_named_error_and_no_record(
        self, service: Deployed, version: dict[str, str]
    ) -> None:
        url = f"s3://{service.bucket}/uploads/never-uploaded.png"
        run = service.start({"image_url": url, **version})
        assert "FAILED" == run.description["status"]
        assert "ImageNotFoundError" == run.description["error"]
        assert url not in service.decided_urls()

    @pytest.mark.parametrize(
        "event",
        [
            {},
            {"image_url": "https://example.com/truck.png"},
            {"image_url": "s3://bucket-without-key"},
            {"image_url": 7},
            {"image_url": "s3://somebody-elses-images/uploads/a.png"},
            {"image_url": "s3://{bucket}/elsewhere/a.png"},
            {"image_url": "s3://{bucket}/uploads/" + "é" * 509},
            {"image_url": "s3://{bucket}/uploads/\ud800.png"},
            {
                "image_url": "s3://{bucket}/uploads/a.png",
                "version_id": "v" * 5000,
                "uploaded_at": "2026-01-15T09:30Z#",
            },
            {
                "image_url": "s3://{bucket}/uploads/a.png",
                "version_id": "v1",
                "uploaded_at": "yesterday",
            },
        ],
        ids=str,
    )
    def test_input_without_an_image_of_the_service_is_refused_before_any_work(
        self, service: Deployed, event: dict[str, Any]
    ) -> None:
        event = {name: str(value).format(bucket=service.bucket) for name, value in event.items()}
        self.refused(service, event, "InvalidImageUrlError")

    @pytest.mark.parametrize("threshold", [-0.01, 1e-7, 5e-324, 1.01, "0.8", None])
    def test_wrong_threshold_is_refused_before_any_work(
        self, service: Deployed, threshold: Any
    ) -> None:
        event = {
            "image_url": f"s3://{service.bucket}/uploads/a.png",
            "confidence_threshold": threshold,
        }
        self.refused(service, event, "InvalidThresholdError")

    @staticmethod
    def refused(service: Deployed, event: dict[str, Any], error: str) -> None:
        run = service.start(event)
        assert "FAILED" == run.description["status"]
        assert error == run.description["error"]
        assert {"Read input", "Valid input?", "Invalid image URL", "Invalid threshold"} >= {
            *run.path
        }
        assert "This came instead" in run.description["cause"]

    @pytest.mark.parametrize(
        ("bucket", "changes"),
        [
            ("somebody-elses-images", {}),
            (None, {"key": "elsewhere/a.png"}),
            (None, {"key": 7}),
            (None, {"key": "uploads/\udc00.png"}),
            (None, {"version-id": "", "etag": None}),
            (None, {"version-id": {"id": "v1"}}),
        ],
        ids=str,
    )
    def test_event_without_an_image_of_the_service_is_refused_before_any_work(
        self, service: Deployed, bucket: str | None, changes: dict[str, Any]
    ) -> None:
        event = json.loads((ROOT / "events/workflow_s3_event.json").read_text())
        event["detail"]["bucket"]["name"] = bucket or service.bucket
        event["detail"]["object"] |= changes
        self.refused(service, event, "InvalidImageUrlError")

    @pytest.mark.parametrize(
        "key", ["uploads/refused.png", "uploads/\ud800.png", "uploads/" + "x" * 5000, 7]
    )
    def test_failure_of_refused_input_leaves_neither_a_record_nor_a_message(
        self, service: Deployed, key: Any
    ) -> None:
        event = json.loads((ROOT / "events/workflow_s3_event.json").read_text())
        event["detail"] |= {
            "bucket": {"name": service.bucket},
            "object": {"key": key, "version-id": ""},
        }
        before = service.decided_urls(), service.dead_letters()
        service.tell_of_failure(
            {"executionArn": "arn:e", "status": "ABORTED", "input": json.dumps(event)}
        )
        assert before == (service.decided_urls(), service.dead_letters())


class TestSampleEvents:
    """The workflow's sample events, with the bucket and version of this service."""

    def test_image_url_event_is_decided(self, service: Deployed) -> None:
        event = json.loads((ROOT / "events/workflow_image_url.json").read_text())
        event["image_url"] = service.put(TRUCK.read_bytes(), "sample-direct.png")
        assert "truck" == service.start(event).output["classification"]

    def test_s3_event_is_decided_for_the_version_that_it_names(self, service: Deployed) -> None:
        uploaded = service.upload(TRUCK.read_bytes(), "truck.png")
        service.upload(b"", "truck.png")  # the newer version cannot be read
        event = json.loads((ROOT / "events/workflow_s3_event.json").read_text())
        event["detail"]["bucket"]["name"] = service.bucket
        event["detail"]["object"]["version-id"] = uploaded.record["version"]
        run = service.start(event)
        assert "truck" == run.output["classification"]
        assert "Already recorded" == run.path[-1]


class Answer(BaseHTTPRequestHandler):
    """A SageMaker runtime that answers as its server says; status 0 sends no answer."""

    def do_POST(self) -> None:
        status, body = self.server.answer  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers["Content-Length"]))
        if status == 0:
            self.server.hung_up.wait()  # type: ignore[attr-defined]
            return
        self.send_response(status)
        self.send_header("x-Amzn-Invoked-Production-Variant", "AllTraffic")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@dataclass
class BadEndpoint:
    """The classify function with an endpoint whose answers the test sets."""

    service: Deployed
    server: ThreadingHTTPServer

    def answer(self, status: int, body: bytes) -> Any:
        self.server.answer = (status, body)  # type: ignore[attr-defined]
        url = self.service.put(TRUCK.read_bytes(), f"asked/{uuid4()}.png")
        self.service.wait_for({url})
        return self.service.start({"image_url": url})


@pytest.fixture
def bad_endpoint(service: Deployed) -> Iterator[BadEndpoint]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.hung_up = Event()  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with service.changed("classify-image", {"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url}):
        yield BadEndpoint(service, server)
    server.hung_up.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


class TestEndpoint:
    """Errors and wrong answers of the endpoint."""

    @pytest.mark.parametrize(
        "body",
        [b"<html>", b"[0.9]", b"[0.9, NaN]", b"[3, -2]", b'{"truck": 1}', b""],
        ids=lambda body: repr(body),
    )
    def test_invalid_prediction_fails_with_a_named_error(
        self, bad_endpoint: BadEndpoint, body: bytes
    ) -> None:
        run = bad_endpoint.answer(200, body)
        assert "FAILED" == run.description["status"]
        assert "InvalidPredictionError" == run.description["error"]

    @pytest.mark.parametrize(
        ("error", "status"), [("EndpointUnavailableError", 503), ("EndpointThrottledError", 429)]
    )
    def test_unavailable_endpoint_is_retried_then_fails(
        self, bad_endpoint: BadEndpoint, error: str, status: int
    ) -> None:
        run = bad_endpoint.answer(status, b"{}")
        assert error == run.description["error"]
        assert CALLS_PER_EXECUTION == run.attempts["Classify image"]

    def test_endpoint_that_never_answers_ends_with_the_functions_timeout(
        self, service: Deployed, bad_endpoint: BadEndpoint
    ) -> None:
        with service.timeout("classify-image", seconds=1):
            run = bad_endpoint.answer(0, b"")
        assert "Sandbox.Timedout" == run.description["error"]
        assert CALLS_PER_EXECUTION == run.attempts["Classify image"]

    def test_endpoint_without_a_model_card_fails_with_a_named_error(
        self, service: Deployed
    ) -> None:
        with service.without_model_card():
            run = service.start({"image_url": service.put(TRUCK.read_bytes(), "no-card.png")})
        assert "FAILED" == run.description["status"]
        assert "ModelCardNotFoundError" == run.description["error"]

    def test_later_success_replaces_the_record_of_a_failure(self, service: Deployed) -> None:
        with service.without_endpoint():
            url = service.put(TRUCK.read_bytes(), "second-try.png")
            service.wait_for({url})
            failed = service.record(url)
        service.start({"image_url": url, "version_id": failed["version"]})
        assert "FAILED" == failed["outcome"]
        assert "ACCEPTED" == service.record(url)["outcome"]

    def test_missing_endpoint_fails_with_a_named_error(self, service: Deployed) -> None:
        with service.without_endpoint():
            run = service.start({"image_url": service.put(TRUCK.read_bytes(), "no-endpoint.png")})
        assert "FAILED" == run.description["status"]
        assert "EndpointNotFoundError" == run.description["error"]

    @pytest.mark.parametrize(
        ("error", "variable", "value"),
        [
            ("EndpointAccessDeniedError", "ENDPOINT_NAME", "another"),
            (
                "ModelCardAccessDeniedError",
                "MODEL_CARD_PARAMETER",
                "/scones-unlimited/endpoints/another",
            ),
        ],
    )
    def test_function_may_use_only_its_own_endpoint(
        self, service: Deployed, error: str, variable: str, value: str
    ) -> None:
        with service.changed("classify-image", {variable: value}):
            run = service.start({"image_url": service.put(TRUCK.read_bytes(), "forbidden.png")})
        assert "FAILED" == run.description["status"]
        assert error == run.description["error"]


def sam(cloud: Cloud, *arguments: str) -> str:
    ended = run_sam(cloud, *arguments)
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout


def run_sam(cloud: Cloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sam", *arguments],
        cwd=ROOT,
        env=cloud.environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


class TestTools:
    """The clients that people use."""

    def test_sam_remote_invoke_runs_a_function_with_its_sample_event(
        self, service: Deployed, cloud: Cloud
    ) -> None:
        event = ["--event-file", "events/filter_inferences.json"]
        answer = sam(
            cloud,
            "remote",
            "invoke",
            "FilterInferencesFunction",
            "--stack-name",
            service.stack,
            *event,
        )
        answered = json.loads(answer)
        drawn = answered.pop("audit")["drawn"]
        assert {
            "status": "PASS",
            "classification": "truck",
            "confidence_score": 0.92,
            "passed_threshold": True,
            "waits_for": "AUDIT" if drawn else None,
        } == answered

    def test_sam_logs_shows_the_functions_structured_logs(
        self, service: Deployed, cloud: Cloud
    ) -> None:
        execution = service.upload(TRUCK.read_bytes(), "logged.png").execution
        logs = sam(cloud, "logs", "--stack-name", service.stack, "--name", "SerializeImageFunction")
        assert execution in logs

    def test_sam_logs_shows_the_logs_of_the_workflow(self, service: Deployed, cloud: Cloud) -> None:
        failed = service.start({}).execution  # the log holds failures only
        workflow = ["--name", "ImageClassificationWorkflow"]
        logs = sam(cloud, "logs", "--stack-name", service.stack, *workflow)
        assert failed in logs

    @pytest.mark.long
    def test_existing_stack_becomes_express_and_still_decides_uploads(
        self, service: Deployed, cloud: Cloud
    ) -> None:
        # The second event keeps the fields that it does not set.
        for overrides in (
            ["Environment=dev", f"Architecture={ARCHITECTURE}"],
            ["WorkflowType=EXPRESS"],
        ):
            parameters = ["--parameter-overrides", *overrides]
            sam(cloud, "deploy", "--config-env", "local", "--stack-name", "express", *parameters)
        deployed = Deployed(
            cloud, find_service(cloud.client("cloudformation"), "express"), service.endpoint
        )
        url = deployed.put(TRUCK.read_bytes(), "express.png")
        deployed.wait_for({url})
        assert "ACCEPTED" == deployed.record(url)["outcome"]

    @pytest.mark.long
    @pytest.mark.parametrize(
        ("expected", "parameters"),
        [
            ("Parameters: [Environment] must have values", ["LogLevel=DEBUG"]),
            (
                "MonthlyBudget without AlarmEmail would notify nobody",
                ["Environment=prod", "MonthlyBudget=100"],
            ),
        ],
    )
    def test_first_deployment_without_an_environment_is_refused(
        self, service: Deployed, cloud: Cloud, expected: str, parameters: list[str]
    ) -> None:
        arguments = [
            "--config-env",
            "prod",
            "--no-confirm-changeset",
            "--parameter-overrides",
            *parameters,
        ]
        refused = run_sam(cloud, "deploy", *arguments)
        assert 0 != refused.returncode
        assert expected in refused.stderr
