"""Show the demo's decisions as a page, and each execution as a separate page."""

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from PIL import Image, ImageOps, UnidentifiedImageError

from cli.outcomes import ACCEPTED, FAILED, REVIEW, UNREADABLE
from cli.page import Origin, image_uri, render_page
from documents.workflow import DEFINITION, draw
from examples.demo.decisions import WRONG, Decision, Totals
from operations.service import execution_page

LARGEST = 320  # pixels a side of an enlarged image
SMALL = 128  # pixels a side: a smaller image is stored without loss and shown with its pixels
PAGE = "index.html"
EXECUTIONS = Path("executions")  # below the folder of the page
# The groups of decisions in the order of the page, each with its title: the most important first.
GROUPS = {
    WRONG: "accepted, but wrong",
    FAILED: "failed",
    UNREADABLE: "unreadable",
    REVIEW: "for review",
    ACCEPTED: "accepted and right",
}


@dataclass(frozen=True)
class Row:
    """A decision as the page shows it: data URI of the image (None if unreadable), link."""

    decision: Decision
    image: str | None
    is_small: bool
    link: str | None


def write(decisions: list[Decision], totals: Totals, origin: Origin, folder: Path) -> Path:
    """Write the page and a page for each execution into a folder; return the path of the page."""
    page = folder / PAGE
    (folder / EXECUTIONS).mkdir(parents=True, exist_ok=True)
    links: dict[str, str] = {}

    for number, decision in enumerate(decisions):
        if decision.execution:
            link = EXECUTIONS / f"{number:03}-{decision.upload.path.stem}.html"
            html = execution_page.render(decision.execution, {"Demo": f"../{PAGE}"})
            (folder / link).write_text(html, encoding="utf-8")
            links[decision.upload.image_url] = link.as_posix()

    page.write_text(render(decisions, totals, origin, links), encoding="utf-8")
    return page


def render(decisions: list[Decision], totals: Totals, origin: Origin, links: dict[str, str]) -> str:
    """Return the page as one self-contained HTML document.

    Args:
        decisions: The decisions to show.
        totals: Their totals.
        origin: When the page is made, and from which cloud.
        links: The execution page of each image by the image's URL.
    """
    rows = [_row(decision, links) for decision in decisions]
    groups = {name: [row for row in rows if row.decision.group == name] for name in GROUPS}
    for name, members in groups.items():
        members.sort(key=_ORDER.get(name, _by_confidence))

    milliseconds = [
        decision.output["processing_time_ms"]
        for decision in decisions
        if decision.output.get("processing_time_ms") is not None
    ]
    visits = Counter(state for decision in decisions for state in dict.fromkeys(decision.path))
    definition = json.loads(DEFINITION.read_text(encoding="utf-8"))

    return render_page(
        Path(__file__).parent,
        "page.html.jinja",
        origin,
        rows=rows,
        groups=groups,
        titles=GROUPS,
        totals=totals,
        median_ms=median(milliseconds) if milliseconds else None,
        longest_ms=max(milliseconds, default=None),
        visits={name: visits[name] for name in definition["States"] if visits[name]},
        drawing=draw(definition, taken=visits, counts=visits),
    )


def _row(decision: Decision, links: dict[str, str]) -> Row:
    image = picture(decision.upload.path)
    link = links.get(decision.upload.image_url)
    if image is None:
        return Row(decision, None, False, link)
    data, is_small = image

    return Row(decision, image_uri(data), is_small, link)


def _by_confidence(row: Row) -> tuple[float, str]:
    return -row.decision.output.get("confidence_score", 0), row.decision.upload.image_url


def _by_doubt(row: Row) -> tuple[float, str]:
    return row.decision.output.get("confidence_score", 0), row.decision.upload.image_url


# The most confident mistakes and the least confident right predictions come first.
_ORDER: dict[str, Callable[[Row], tuple[float, str]]] = {ACCEPTED: _by_doubt}


def picture(path: Path) -> tuple[bytes, bool] | None:
    """Return a small copy of an image file and whether it is small; None if it is unreadable.

    A small image becomes a PNG, any other a JPEG of at most `LARGEST` pixels a side.
    """
    try:
        with Image.open(path) as image:
            image.draft("RGB", (2 * LARGEST, 2 * LARGEST))
            copy = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError):
        return None

    copy.thumbnail((LARGEST, LARGEST), Image.Resampling.BICUBIC)
    is_small = max(copy.size) < SMALL
    buffer = io.BytesIO()
    copy.save(buffer, "PNG" if is_small else "JPEG", quality=85)
    return buffer.getvalue(), is_small
