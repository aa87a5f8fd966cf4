"""The demo's page: every image with its decision, and the workflow with the path that the image took."""

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from documents.workflow import DEFINITION, draw
from examples.demo.decisions import Decision, Totals
from untrusted.page import page_template

THUMBNAIL = 96  # pixels a side


@dataclass(frozen=True)
class Row:
    """A decision as the page shows it; `thumbnail` is a data URI, None for what is no image."""

    decision: Decision
    thumbnail: str | None


def render(decisions: list[Decision], totals: Totals) -> str:
    """The page as one self-contained HTML document."""
    rows = [Row(decision, thumbnail(decision.upload.path)) for decision in decisions]
    drawing = draw(json.loads(DEFINITION.read_text()), taken=rows[0].decision.path if rows else ())
    return page_template(Path(__file__).parent, "page.html.jinja").render(
        rows=rows, totals=totals, drawing=drawing
    )


def thumbnail(path: Path) -> str | None:
    """A small PNG of an image file as a data URI, or None if the file cannot be read as an image."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (2 * THUMBNAIL, 2 * THUMBNAIL))
            small = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError):
        return None
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
