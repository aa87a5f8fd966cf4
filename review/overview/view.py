"""Render a snapshot: the content of the live page, or a file that needs no server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cli.outcomes import OUTCOMES
from cli.page import Origin, decimals, percent, render_page
from review.images import Reason
from review.overview import figures
from review.overview.drawings import outcomes_plot, precision_plot, reliability_plot
from review.overview.next_threshold import guarantee_of, needs
from review.overview.parts import Missing
from review.overview.reviewed import ReviewedImage
from review.overview.reviewer_figures import pairs_of_reviewers, reviewers
from review.overview.snapshot import Snapshot
from training.statistics.betting_bound import State
from untrusted.page import page_template

FOLDER = Path(__file__).parent
REASONS = {
    Reason.REVIEW: "for review",
    Reason.AUDIT: "audits",
    Reason.SECOND_OPINION: "second opinions",
}
STATES = {
    State.CONFIRMED: ("Confirmed", "good"),
    State.NOT_YET: ("Not yet confirmed", "caution"),
    State.ALARM: ("Alarm", "bad"),
}
SHADES = 4  # of the cells of a confusion table


@dataclass(frozen=True)
class Sample:
    """A sample of reviewed images with its plot and its confusion table."""

    name: str
    title: str
    images: int
    bins: Sequence[figures.Bin]
    plot: Markup | None
    confusion: figures.Confusion


def content(snapshot: Snapshot) -> str:
    """Return the HTML of all sections."""
    template = page_template(FOLDER, "content.html.jinja", **_FILTERS)
    return template.render(**values(snapshot))


def one_file(snapshot: Snapshot, origin: Origin) -> str:
    """Return the whole page as one file, which loads nothing and runs no script."""
    css = (FOLDER / "overview.css").read_text(encoding="utf-8")
    style = Markup(css)  # noqa: S704 # nosec B704 - this project's own file
    body = Markup(content(snapshot))  # noqa: S704 # nosec B704 - rendered and escaped above
    return render_page(FOLDER, "export.html.jinja", origin, own_style=style, content=body)


def values(snapshot: Snapshot) -> dict[str, Any]:
    """Return all values that the content shows."""
    card = None if isinstance(snapshot.card, Missing) else snapshot.card
    missing = [
        (name, one)
        for name, one in (
            ("Answers", snapshot.images),
            ("Queue", snapshot.waiting),
            ("Outcomes over time", snapshot.outcomes),
            ("Model card", snapshot.card),
        )
        if isinstance(one, Missing)
    ]
    found = {
        "place": snapshot.place,
        "missing": missing,
        "waiting": _waiting(snapshot),
        "outcomes": _outcomes(snapshot),
        "OUTCOMES": OUTCOMES,
        "answered": None,
    }
    if not isinstance(snapshot.images, Missing):
        found["answered"] = _answered(snapshot.images, card)
    return found


def _waiting(snapshot: Snapshot) -> list[dict[str, Any]] | None:
    if isinstance(snapshot.waiting, Missing):
        return None
    return [
        {
            "name": REASONS.get(one.reason) or one.reason.lower().replace("_", " "),
            "images": one.images,
            "age": age(snapshot.made_at, one.oldest) if one.oldest else None,
        }
        for one in snapshot.waiting
        if one.reason in REASONS or one.images
    ]


def _outcomes(snapshot: Snapshot) -> dict[str, Any] | None:
    if isinstance(snapshot.outcomes, Missing):
        return None
    periods = snapshot.outcomes
    return {
        "periods": periods,
        "plot": outcomes_plot(periods) if periods else None,
        "totals": {
            outcome: sum(period.images.get(outcome, 0) for period in periods)
            for outcome in OUTCOMES
        },
    }


def _answered(
    everything: Sequence[ReviewedImage], card: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the figures that follow from the answers: of the current model, and of reviewers."""
    known = figures.models(everything)
    deployed = (card or {}).get("model_digest")
    current = deployed or (known[0].digest if known else None)
    images = [image for image in everything if image.model_digest == current]
    target = guarantee_of(card).precision
    audited = figures.audited_precision(images)
    state, tone = STATES[audited.state(target)]

    return {
        "images": len(everything),
        "current": current,
        "is_deployed": deployed is not None,
        "models": known,
        "target": target,
        "has_target": bool((card or {}).get("precision_guarantee")),
        "audited": audited,
        "state": state,
        "tone": tone,
        "bounds": audited.bounds,
        "more": audited.more_needed(target),
        "shares": figures.audit_shares(images),
        "precision_plot": precision_plot(audited, target) if audited.upper.n else None,
        "needs": needs(images, card),
        "samples": [
            _sample("audits", "Audits: a random sample", figures.audits(images)),
            _sample("reviews", "For review: a selected sample", figures.for_review(images)),
        ],
        "reviewers": reviewers(everything),
        "pairs": pairs_of_reviewers(everything),
    }


def _sample(name: str, title: str, images: Sequence[ReviewedImage]) -> Sample:
    bins = figures.reliability(images)
    plot = reliability_plot(f"{title}, right predictions by confidence", bins) if bins else None
    return Sample(name, title, len(images), bins, plot, figures.confusion(images))


def age(now: datetime, then: datetime) -> str:
    """Return a time span in its largest unit, rounded down."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def interval(bounds: tuple[float, float] | None, digits: int = 1) -> Markup:
    """Write an interval of shares in percent."""
    if bounds is None:
        return Markup("-")
    low, high = (100 * one for one in bounds)
    return Markup("{:.{}f} to {:.{}f}&nbsp;%").format(low, digits, high, digits)


def plain_interval(bounds: tuple[float, float] | None) -> str:
    """Write an interval of numbers such as kappa."""
    return "-" if bounds is None else f"{bounds[0]:.2f} to {bounds[1]:.2f}"


def shade(count: int, most: int) -> int:
    """Return how dark the cell of a count is, 0 for none."""
    return 0 if not count else 1 + min(SHADES - 1, SHADES * count // max(most + 1, 1))


def short(digest: str) -> str:
    """Shorten a digest so that people can compare it; the page has all of it elsewhere."""
    kind, _, rest = digest.partition(":")
    return f"{kind}:{rest[:12]}" if len(rest) > 12 else digest


_FILTERS: dict[str, Any] = {
    "percent": percent,
    "decimals": decimals,
    "interval": interval,
    "plain_interval": plain_interval,
    "shade": shade,
    "short": short,
}
