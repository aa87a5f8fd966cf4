"""Draw the overview's plots as SVG, without style attributes, which the page's policy forbids.

The classes of the elements are those of overview.css. Each plot has a title for screen readers, and
the page has its numbers in a table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, floor

from markupsafe import Markup

from cli.outcomes import OUTCOMES
from review.overview.figures import AuditedPrecision, Bin
from review.overview.service_figures import Period
from training.statistics.metrics import wilson_interval

WIDTH, HEIGHT = 360, 220  # units of the drawing: pixels on a phone
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 34
MOST_POINTS = 200  # of a line

_TEXT = Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>')
_LINE = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>')
_BOX = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"/>')
_DOT = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="{}"/>')
_PATH = Markup('<polyline points="{}" class="{}"/>')


@dataclass(frozen=True)
class Axis:
    """Map values to places on the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def _vertical(low: float, high: float) -> Axis:
    return Axis(low, high, HEIGHT - BOTTOM, TOP)


def _horizontal(low: float, high: float) -> Axis:
    return Axis(low, high, LEFT, WIDTH - RIGHT)


def outcomes_plot(periods: Sequence[Period]) -> Markup:
    """Draw the outcomes of consecutive periods, stacked."""
    most = _round_up(max(period.total for period in periods))
    y = _vertical(0, most)
    room = (WIDTH - LEFT - RIGHT) / len(periods)
    wide = min(room * 0.8, 40)
    parts = _scale(y, [0, most / 2, most], lambda value: f"{value:,.0f}")

    for number, period in enumerate(periods):
        middle = LEFT + (number + 0.5) * room
        below = 0
        for outcome in OUTCOMES:
            count = period.images.get(outcome, 0)
            if count:
                top, bottom = y(below + count), y(below)
                box = (middle - wide / 2, top, wide, bottom - top, outcome.lower())
                parts.append(_BOX.format(*box))
                below += count

    daily = len(periods) > 1 and periods[1].start - periods[0].start > timedelta(hours=1)
    pattern = "%b %-d" if daily else "%H:%M"
    step = ceil(len(periods) / 6)
    for number in range(0, len(periods), step):
        text = periods[number].start.strftime(pattern)
        parts.append(_TEXT.format(LEFT + (number + 0.5) * room, HEIGHT - 16, "middle", text))
    return _svg("Images by outcome over time", parts)


def reliability_plot(title: str, bins: Sequence[Bin]) -> Markup:
    """Draw the share of right predictions by confidence, with 95 % intervals.

    A short line marks the mean confidence. A calibrated model has its dots on these lines.
    """
    y = _vertical(0, 1)
    room = (WIDTH - LEFT - RIGHT) / len(bins)
    parts = _scale(y, [0, 0.25, 0.5, 0.75, 1], lambda value: f"{100 * value:.0f} %")
    for number, one in enumerate(bins):
        middle = LEFT + (number + 0.5) * room
        low, high = one.interval
        half = min(room / 3, 16)
        expected = y(one.confidence)
        parts += [
            _LINE.format(middle - half, expected, middle + half, expected, "expected"),
            _LINE.format(middle, y(low), middle, y(high), "interval"),
            _DOT.format(middle, y(one.share), 4, "dot"),
            _TEXT.format(middle, HEIGHT - 20, "middle", f"{_edge(one.low)}-{_edge(one.high)}"),
            _TEXT.format(middle, HEIGHT - 6, "middle soft", f"n = {one.n:,}"),
        ]
    return _svg(title, parts)


def precision_plot(audited: AuditedPrecision, target: float) -> Markup:
    """Draw the bounds of the audited precision after each audit, and the target."""
    n = audited.upper.n
    # The last lower bound is in the plot; earlier ones may be below it.
    low = floor(20 * audited.lower.bounds[0]) / 20
    base = max(0.0, min(low, 1 - 5 * (1 - target)))
    y, x = _vertical(base, 1), _horizontal(1, max(n, 2))
    ticks = [base, (base + 1) / 2, 1]
    parts = _scale(y, ticks, lambda value: f"{100 * value:.4g} %")
    parts.append(_LINE.format(LEFT, y(target), WIDTH - RIGHT, y(target), "target"))

    for values, name in ((audited.lower.lower, "lower"), (audited.upper.upper, "upper")):
        step = max(1, ceil(len(values) / MOST_POINTS))
        places = [*range(0, len(values), step), len(values) - 1] if len(values) else []
        points = [
            f"{x(place + 1):.1f},{y(min(1.0, max(base, float(values[place])))):.1f}"
            for place in places
        ]
        parts.append(_PATH.format(" ".join(points), name))

    if audited.n:
        low, high = (max(base, one) for one in wilson_interval(audited.right, audited.n))
        middle = WIDTH - RIGHT - 4
        share = max(base, audited.right / audited.n)
        parts.append(_LINE.format(middle, y(low), middle, y(high), "interval"))
        parts.append(_DOT.format(middle, y(share), 4, "dot"))
    for value in (1, n) if n > 1 else (1,):
        anchor = "middle" if value == 1 else "end"
        parts.append(_TEXT.format(x(value), HEIGHT - 18, anchor, f"{value:,}"))
    parts.append(_TEXT.format(WIDTH / 2, HEIGHT - 4, "middle soft", "audits of accepted images"))
    return _svg("Audited precision of accepted images", parts)


def _scale(y: Axis, values: Sequence[float], text: Callable[[float], str]) -> list[Markup]:
    """Return lines across the plot, with their values."""
    parts = []
    for value in values:
        place = y(value)
        parts.append(_LINE.format(LEFT, place, WIDTH - RIGHT, place, "grid"))
        parts.append(_TEXT.format(LEFT - 5, place + 4, "end soft", text(value)))
    return parts


def _svg(title: str, parts: Sequence[Markup]) -> Markup:
    opening = Markup('<svg class="plot" role="img" viewBox="0 0 {} {}"><title>{}</title>{}</svg>')
    return opening.format(WIDTH, HEIGHT, title, Markup("").join(parts))


def _round_up(value: int) -> int:
    """Return the next of 2, 4, 6, 8, 10, 20, 30, 40, 60, 80, 100, 200 ... that is not smaller."""
    unit = 1
    while 10 * unit < value:
        unit *= 10
    steps = (2, 3, 4, 6, 8, 10) if unit > 1 else (2, 4, 6, 8, 10)
    return next(step * unit for step in steps if step * unit >= value)


def _edge(value: float) -> str:
    """Write an edge of a range of confidence as short as possible: .95."""
    return f"{value:g}".removeprefix("0") or "0"
