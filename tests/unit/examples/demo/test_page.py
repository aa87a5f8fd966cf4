"""Check the demo's page: order, escaping, images, links."""

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from cli.page import Origin
from documents.workflow import DEFINITION
from examples.demo.decisions import Decision, Upload, total
from examples.demo.page import picture, render, write
from operations.service.history import Execution, History


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[4])


ORIGIN = Origin(datetime(2026, 1, 2, tzinfo=UTC), "the local cloud")


def decision(
    path: Path, output: dict[str, Any], execution: Execution | None = None, label: str = "truck"
) -> Decision:
    upload = Upload(path, f"s3://images/uploads/{path.name}", "v1", label)
    return Decision(upload, output, ("Read input",), execution)


def page(*decisions: Decision) -> str:
    return render([*decisions], total(decisions), ORIGIN, {})


CONFIDENT = {"classification": "truck", "confidence_score": 0.71239, "processing_time_ms": 245}


def test_page_shows_class_confidence_outcome_and_time_from_upload(tmp_path: Path) -> None:
    html = page(decision(tmp_path / "missing.png", {"outcome": "REVIEW"} | CONFIDENT))
    assert "<b>truck</b>" in html
    assert "0.712<br>" in html
    assert 'REVIEW">REVIEW<' in html
    assert "<dt>time from upload</dt><dd>245 ms</dd>" in html


def test_wrong_accepted_images_come_first(tmp_path: Path) -> None:
    accepted = {"outcome": "ACCEPTED"} | CONFIDENT
    html = page(
        decision(tmp_path / "right.png", accepted),
        decision(tmp_path / "failed.png", {"outcome": "FAILED", "error": "AnError", "cause": ""}),
        decision(tmp_path / "wrong.png", accepted, label="automobile"),
    )
    assert ["wrong.png", "failed.png", "right.png"] == re.findall(r">(\w+\.png)<", html)


def test_out_of_distribution_image_that_is_accepted_counts_as_wrong(tmp_path: Path) -> None:
    upload = Upload(tmp_path / "deer.png", "s3://images/uploads/deer.png", "v1", None)
    accepted = Decision(upload, {"outcome": "ACCEPTED"} | CONFIDENT, ())
    assert "1 images: 1 accepted, 1 of them wrong" in page(accepted)


def test_page_links_to_the_page_of_each_execution_and_back(tmp_path: Path) -> None:
    started = datetime(2026, 1, 2, tzinfo=UTC)
    definition = json.loads(DEFINITION.read_text())
    execution = Execution("arn:of:one", "RUNNING", started, None, definition, History())
    decisions = [decision(tmp_path / "a photo.png", {"outcome": "REVIEW"}, execution)]
    written = write(decisions, total(decisions), ORIGIN, tmp_path)
    [link] = re.findall(r'href="(executions/[^"]+)"', written.read_text())
    execution_page = tmp_path / unquote(link)
    assert '<a href="../index.html">Demo</a>' in execution_page.read_text()


def test_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    html = page(decision(tmp_path / "missing.png", {"outcome": "REVIEW"}))
    assert [] == re.findall(r'(?:src|href)="(?!data:)[^"]*"', html)


def test_page_escapes_names_and_causes(tmp_path: Path) -> None:
    output = {
        "outcome": "UNREADABLE",
        "error": "CorruptImageError",
        "cause": "<script>alert(1)</script>",
    }
    html = page(decision(tmp_path / "<b>.png", output))
    assert "<script>alert" not in html
    assert "<b>.png" not in html


def test_picture_has_the_orientation_of_the_photo_and_fits_the_page(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (1000, 500), "red").save(tmp_path / "turned.jpg", exif=exif)
    found = picture(tmp_path / "turned.jpg")
    assert found is not None

    with Image.open(io.BytesIO(found[0])) as image:
        assert (160, 320) == image.size


def test_small_picture_is_stored_without_loss(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "red").save(tmp_path / "small.png")
    found = picture(tmp_path / "small.png")
    assert found is not None
    data, is_small = found
    assert data.startswith(b"\x89PNG")
    assert is_small


def test_picture_of_an_unreadable_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not an image")
    assert picture(tmp_path / "notes.jpg") is None
