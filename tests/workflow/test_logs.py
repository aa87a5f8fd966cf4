"""Logs of the service and of the local cloud contain no images, EXIF data or credentials."""

import io
import re
from base64 import b64decode, b64encode

import pytest
from PIL import Image

from localcloud.server.cloud import Cloud
from localcloud.server.settings import Folder
from tests.workflow.deployed import TRUCK, Deployed
from tests.workflow.logs import leaks, lines, traces_of

CAMERA, PLACE = "Nonesuch Optics 7", "59.9139 N, 10.7522 E"
MAKE, DESCRIPTION = 0x010F, 0x010E  # tags of EXIF


def photo() -> bytes:
    """A truck, as a camera that knows where it is would store it."""
    exif = Image.Exif()
    exif[MAKE], exif[DESCRIPTION] = CAMERA, PLACE
    stored = io.BytesIO()
    with Image.open(io.BytesIO(TRUCK)) as image:
        image.convert("RGB").resize((320, 320)).save(stored, "JPEG", exif=exif)
    return stored.getvalue()


@pytest.fixture(scope="module")
def prepared(service: Deployed) -> bytes:
    """Send the photo to all outcomes of the service; return the bytes sent to the model."""
    data = photo()
    decided = service.upload(data, "logs/photo.jpg")
    service.upload(data[:2000], "logs/truncated.jpg")
    with service.without_endpoint():
        service.wait_for({service.put(data, "logs/failed.jpg")})
    payloads = " ".join(service.payloads(decided.execution))
    [encoded] = set(re.findall(r'"image_data": ?"([^"]+)"', payloads))
    return b64decode(encoded)


def test_logs_hold_no_image_no_exif_and_no_credentials(
    prepared: bytes, cloud: Cloud, cloud_folder: Folder
) -> None:
    traces = traces_of(photo()) | traces_of(prepared)
    assert [] == leaks(lines(cloud, cloud_folder), (CAMERA, PLACE), traces)


def test_all_logs_are_looked_at(prepared: bytes, cloud: Cloud, cloud_folder: Folder) -> None:
    looked_at = {log for log, _ in lines(cloud, cloud_folder)}
    functions = {
        f"/aws/lambda/scones-unlimited-{name}" for name in ("serialize-image", "classify-image")
    }
    assert {
        *functions,
        "/aws/events/scones-unlimited-decisions",
        "cloud.log",
        "audit.jsonl",
    } <= looked_at


@pytest.mark.parametrize(
    "line",
    [
        f"Camera: {CAMERA}",
        f"got {b64encode(photo()[1001:1065]).decode()}",
        "GET /uploads/a.jpg?X-Amz-Signature=0123456789abcdef",
    ],
)
def test_line_with_image_data_or_credentials_is_found(line: str) -> None:
    assert [f"log: {line}"] == leaks([("log", line)], (CAMERA, PLACE), traces_of(photo()))
