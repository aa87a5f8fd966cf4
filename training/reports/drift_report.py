"""Show a comparison with the reference as an HTML file and as a table on the terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from cli.page import Origin, render_page
from training.reports.evaluation_summary import percent
from training.reports.plots import BLUE, MOST_NAMES, ORANGE, short_name, svg
from training.statistics.drift import CLASSES, CONFIDENCE, REVIEW, Comparison
from training.statistics.image_statistics import STATISTICS
from training.statistics.sample import Sample
from untrusted.console import Console, styled

MEANINGS = {
    CLASSES: "share of each predicted class",
    CONFIDENCE: "calibrated probability of the predicted class",
    REVIEW: "share of images for review",
    **STATISTICS,
}
BINS = 25


def render(
    origin: Origin,
    facts: Mapping[str, Any],
    review_share: Mapping[str, float | None],
    notes: Sequence[str],
    reference: Sample,
    recent: Sample,
    comparisons: Sequence[Comparison],
    photos: Mapping[str, Sequence[str]],
) -> str:
    """Return the report as HTML.

    Args:
        origin: The time and the cloud of the report.
        facts: The compared data; a key is a label of the page.
        review_share: The share of images for review, of `reference` and `recent`.
        notes: The reasons why some statistics were not compared.
        reference: The held-out images.
        recent: The recent images.
        comparisons: The statistics, the most likely drift first.
        photos: Images of `reference` and `recent` as data URIs.
    """
    plots = {
        one.name: _plot(one.name, reference, recent) for one in comparisons if one.name != REVIEW
    }
    return render_page(
        Path(__file__).parent,
        "drift_report.html.jinja",
        origin,
        facts=facts,
        review_share=review_share,
        notes=notes,
        comparisons=comparisons,
        plots=plots,
        meanings=MEANINGS,
        photos=photos,
    )


def show(console: Console, result: Mapping[str, Any]) -> None:
    """Print a row for each statistic, the compared data, and the path of the report."""
    table = Table("statistic", box=box.SIMPLE_HEAD)
    for header in ("distance", "p-value", "reference", "recent"):
        table.add_column(header, justify="right")
    table.add_column("")

    for one in result["comparisons"]:
        sizes = f"{one['reference']:,}", f"{one['recent']:,}"
        verdict = styled(("drifted", "bold")) if one["drifted"] else ""
        table.add_row(
            one["name"], f"{one['distance']:.3f}", f"{one['p_value']:.2g}", *sizes, verdict
        )

    console.print(table)
    shares = result["review_share"]
    console.print(
        f"Since {result['since']}: {result['records']:,} records, {result['captured']:,} captured "
        f"requests; for review {percent(shares['recent'])}, of the held-out images "
        f"{percent(shares['reference'])}."
    )

    for note in result["notes"]:
        console.print(note)
    console.print(f"Report: {result['report']}   data: {result['data_file']}")


def _plot(name: str, reference: Sample, recent: Sample) -> Markup:
    if name == CLASSES:
        return _class_bars(reference.decisions.classes, recent.decisions.classes)
    if name == CONFIDENCE:
        return _histograms(name, reference.decisions.confidences, recent.decisions.confidences)
    return _histograms(name, reference.statistics[name], recent.statistics[name])


def _histograms(name: str, reference: Sequence[float], recent: Sequence[float]) -> Markup:
    """Draw both samples as shares of their images, so that their sizes do not matter."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        edges = np.histogram_bin_edges([*reference, *recent], BINS)
        for label, values, colour in (("held-out", reference, BLUE), ("recent", recent, ORANGE)):
            counts, _ = np.histogram(values, edges)
            axes.stairs(counts / len(values), edges, color=colour, label=label, linewidth=1.8)

        axes.set(xlabel=name, ylabel="share of images")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    return svg(f"{name.replace(' ', '-')}: held-out and recent", draw)


def _class_bars(reference: Sequence[str], recent: Sequence[str]) -> Markup:
    """Draw the shares of the most frequent classes of both samples together."""
    first = Counter(reference)
    second = Counter(recent)
    names = sorted(name for name, _ in (first + second).most_common(MOST_NAMES))
    places = np.arange(len(names))

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for offset, label, counts, colour in (
            (-0.2, "held-out", first, BLUE),
            (0.2, "recent", second, ORANGE),
        ):
            axes.barh(
                places + offset,
                [counts[n] / counts.total() for n in names],
                0.38,
                color=colour,
                label=label,
            )

        axes.set_yticks(places, [short_name(name) for name in names])
        axes.set(xlabel="share of images", ylim=(len(names) - 0.4, -0.6))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    return svg("class-shares: held-out and recent", draw, height=1.2 + 0.3 * len(names))
