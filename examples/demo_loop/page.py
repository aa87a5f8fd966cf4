"""Show what a round of reviews changed, on the terminal and as a page."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from cli.outcomes import ACCEPTED, REVIEW
from cli.page import Origin, render_page
from examples.demo_loop.figures import Figures
from review.images import Reason
from training.reports.plots import BLUE, GREY, INK, svg
from training.statistics.metrics import wilson_interval

PAGE = "index.html"


@dataclass(frozen=True)
class Reviews:
    """The photos that arrived, and what the simulated reviewers did.

    Args:
        arrived: Number of photos.
        outcomes: The machine's outcomes.
        waited: Photos that waited for a reviewer, by reason.
        answers: Answers by the reason of the review.
        error: The probability that an answer is wrong, from 0 to 1.
    """

    arrived: int
    outcomes: Counter[str]
    waited: Counter[Reason]
    answers: Counter[Reason]
    error: float

    @property
    def sentence(self) -> str:
        """Say in one sentence what the reviewers did."""
        thirds = self.answers[Reason.SECOND_OPINION] - self.waited[Reason.AUDIT]
        return (
            f"Of {self.arrived:,} photos that arrived, {self.outcomes[ACCEPTED]:,} were accepted "
            f"and {self.outcomes[REVIEW]:,} were for review. Simulated reviewers, who err in "
            f"{100 * self.error:.1f} % of their answers, labelled "
            f"{self.waited[Reason.REVIEW]:,} uncertain photos and "
            f"{self.waited[Reason.AUDIT]:,} audits with {self.answers.total():,} answers; "
            f"{thirds:,} audits needed a third one."
        )


@dataclass(frozen=True)
class Row:
    """A share before and after the reviews: hits of n, each."""

    name: str
    before: tuple[int, int]
    after: tuple[int, int]


def rows_of(before: Figures, after: Figures) -> list[Row]:
    """Return the shares that the page shows."""
    return [
        Row("accuracy", (before.right, before.photos), (after.right, after.photos)),
        Row("coverage", (before.covered, before.real), (after.covered, after.real)),
        Row(
            "accuracy of the accepted",
            (before.accepted_right, before.accepted),
            (after.accepted_right, after.accepted),
        ),
    ]


def figures_table(before: Figures, after: Figures) -> Table:
    """Return the shares with their 95 % intervals as a table for the terminal."""
    table = Table("", "before", "after", box=box.SIMPLE_HEAD)
    for row in rows_of(before, after):
        table.add_row(row.name, with_interval(row.before), with_interval(row.after))
    table.add_row("threshold", threshold_of(before), threshold_of(after))
    return table


def threshold_of(found: Figures) -> str:
    """Say whether the threshold has a guarantee."""
    return "guaranteed" if found.has_guarantee else "the default, without a guarantee"


def with_interval(share: tuple[int, int]) -> str:
    """Write a share with its 95 % interval and its n."""
    hits, n = share
    if not n:
        return "- (n = 0)"
    low, high = wilson_interval(hits, n)
    return f"{100 * hits / n:.1f} % ({100 * low:.1f} to {100 * high:.1f} %, n = {n:,})"


def write(before: Figures, after: Figures, reviews: Reviews, origin: Origin, path: Path) -> Path:
    """Write the page, and return its path."""
    path.write_text(render(before, after, reviews, origin), encoding="utf-8")
    return path


def render(before: Figures, after: Figures, reviews: Reviews, origin: Origin) -> str:
    """Return the page as one self-contained HTML document."""
    rows = rows_of(before, after)
    return render_page(
        Path(__file__).parent,
        "page.html.jinja",
        origin,
        filters={"with_interval": with_interval},
        rows=rows,
        before=before,
        after=after,
        threshold_of=threshold_of,
        reviews=reviews,
        drawing=draw(rows),
    )


def draw(rows: list[Row]) -> Markup:
    """Draw each share with its 95 % interval, before and after the reviews."""

    def bars(figure: Figure) -> None:
        axes = figure.add_subplot()
        for offset, name, colour in ((-0.2, "before", GREY), (0.2, "after", BLUE)):
            shares = [getattr(row, name) for row in rows]
            values = [hits / n if n else 0 for hits, n in shares]
            places = [at + offset for at in range(len(rows))]
            axes.barh(places, values, 0.36, color=colour, label=name)
            for place, (hits, n) in zip(places, shares, strict=True):
                if n:
                    axes.hlines(place, *wilson_interval(hits, n), color=INK)
        axes.set_yticks(range(len(rows)), [row.name for row in rows])
        axes.set(xlim=(0, 1.02), ylim=(len(rows) - 0.4, -0.6), xlabel="share of the photos")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    return svg("Accuracy and coverage before and after the reviews", bars, height=2.6)
