"""The demo's page: self-contained, escaped, and with a thumbnail of whatever can be read."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from examples.demo.decisions import Decision, Upload, total
from examples.demo.page import render, thumbnail


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[4])


def page(path: Path, output: dict[str, Any]) -> str:
    decisions = [
        Decision(Upload(path, "s3://images/uploads/a", "v1", "truck"), output, ("Read input",))
    ]
    return render(decisions, total(decisions))


def test_page_shows_class_confidence_outcome_and_latency(tmp_path: Path) -> None:
    output = {
        "outcome": "REVIEW",
        "classification": "truck",
        "confidence_score": 0.71234,
        "processing_time_ms": 245,
    }
    html = page(tmp_path / "missing.png", output)
    assert ["truck", "0.712", "REVIEW", "245 ms"] == [
        text
        for text in ("truck", "0.712", "REVIEW", "245 ms")
        if f">{text}<" in re.sub(r"\s*\n\s*", "", html)
    ]


def test_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    html = page(tmp_path / "missing.png", {"outcome": "REVIEW"})
    assert [] == re.findall(r'(?:src|href)="(?!data:)[^"]*"', html)


def test_page_escapes_names_and_causes(tmp_path: Path) -> None:
    output = {
        "outcome": "UNREADABLE",
        "error": "CorruptImageError",
        "cause": "<script>alert(1)</script>",
    }
    html = page(tmp_path / "<b>.png", output)
    assert "<script>alert" not in html
    assert "<b>.png" not in html


def test_thumbnail_keeps_the_orientation_and_fits_the_page(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (400, 200), "red").save(tmp_path / "turned.jpg", exif=exif)
    uri = thumbnail(tmp_path / "turned.jpg")
    assert uri is not None
    assert uri.startswith("data:image/png;base64,")


def test_thumbnail_of_a_file_that_is_no_image_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not an image")
    assert thumbnail(tmp_path / "notes.jpg") is None
