"""Draw the plots of reports as SVG in the colours of the page."""

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup, escape
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from training.statistics.acceptance import Acceptance
from training.statistics.metrics import coverage_curve, reliability, wilson_interval

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

REM = 6.2  # rem of the page per inch of a plot, so that both texts have one size
INK = "#010203"  # placeholder for the colour of the page's text
BLUE = "#2f81f7"
ORANGE = "#d9730d"
GREY = "#8c959f"  # distinguishable for the colour-blind, on white and on black
MOST_NUMBERS = 12  # most classes for numbers in the confusion matrix
MOST_NAMES = 25  # most classes with names and bars
LONGEST = 18  # characters of a class name beside a plot; the table has the full name

_STYLE: dict[str, Any] = {
    **{f"{part}.color": INK for part in ("text", "xtick", "ytick")},
    **{f"axes.{part}": INK for part in ("edgecolor", "labelcolor", "titlecolor")},
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 11,
    "svg.fonttype": "none",  # text stays text: searchable, in the page's font
    "svg.hashsalt": "scones-unlimited",  # the same data give the same file
    "legend.frameon": False,
    "text.parse_math": False,  # a class may be called "$5 or $10"
}


def svg(
    title: str, draw: Callable[[Figure], None], width: float = 5.0, height: float = 3.2
) -> Markup:
    """Return a plot as an SVG element with a title for screen readers; sizes in inches."""
    with (
        matplotlib.rc_context(_STYLE),  # type: ignore[arg-type] # typed as all settings
        warnings.catch_warnings(),
    ):
        # matplotlib only measures the text; the browser has the glyphs.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})

    element = file.getvalue().partition("<svg")[2].replace(INK, "currentColor")
    # A page has several plots, so their ids get a prefix.
    element = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{title.split()[0].lower()}-", element)
    opening, _, rest = element.partition(">")
    # matplotlib escaped the text in the rest
    size = f'style="max-width: {REM * width:.1f}rem"'  # the text of all plots has one size
    titled = f'<svg role="img" {size}{opening}><title>{escape(title)}</title>{rest}'

    return Markup(titled)  # noqa: S704 # nosec B704


def confusion(matrix: Sequence[Sequence[int]], class_names: Sequence[str]) -> Markup:
    """Draw the confusion matrix: true classes down, predictions across, by share."""
    counts = np.array(matrix)
    classes = len(class_names)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [short_name(name) for name in class_names]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        # The square root makes a few mistakes among many images visible.
        axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 1), interpolation="none")
        axes.set(xlabel="prediction", ylabel="true class")
        if classes <= MOST_NAMES:
            axes.set_xticks(range(classes), names, rotation=90 if classes > 2 else 0)
            axes.set_yticks(range(classes), names)
        if classes <= MOST_NUMBERS:
            for (row, column), count in np.ndenumerate(counts):
                colour = "white" if shares[row, column] > 0.3 else "black"
                axes.text(column, row, f"{count:,}", ha="center", va="center", color=colour)

    side = 3.0 + 0.16 * min(classes, MOST_NAMES)
    return svg("Confusion matrix", draw, width=side + 0.6, height=side)


def class_bars(classes: dict[str, dict[str, Any]]) -> Markup:
    """Draw precision and recall of each class, or of the classes with the lowest F1."""
    lowest = sorted(classes, key=lambda name: classes[name]["f1"] or 0)[:MOST_NAMES]
    names = [name for name in classes if name in lowest] if len(classes) <= MOST_NAMES else lowest
    places = np.arange(len(names))

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for offset, rate, colour in ((-0.2, "precision", BLUE), (0.2, "recall", ORANGE)):
            axes.barh(
                places + offset,
                [classes[name][rate] or 0 for name in names],
                0.38,
                color=colour,
                label=rate,
            )

        axes.set_yticks(places, [short_name(name) for name in names])
        axes.set(xlim=(0, 1.02), ylim=(len(names) - 0.4, -0.6))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    return svg("Precision and recall by class", draw, height=1.2 + 0.3 * len(names))


def reliability_diagram(before: Floats, after: Floats, labels: Labels) -> Markup:
    """Draw accuracy by confidence with 95 % intervals, before and after calibration."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=":")
        for name, probabilities, colour in (
            ("before", before, ORANGE),
            ("after calibration", after, BLUE),
        ):
            bins = reliability(probabilities, labels)
            x = [one["confidence"] for one in bins]
            y = [one["accuracy"] for one in bins]
            axes.plot(x, y, color=colour, label=name)
            axes.scatter(
                x, y, [4 + 400 * one["n"] / len(labels) for one in bins], color=colour, alpha=0.6
            )
            intervals = [
                wilson_interval(round(one["accuracy"] * one["n"]), int(one["n"])) for one in bins
            ]
            axes.vlines(x, *zip(*intervals, strict=True), color=colour, alpha=0.4)

        axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.03), ylim=(0, 1.06))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    return svg("Reliability: accuracy by confidence", draw)


def confidence_histogram(probabilities: Floats, labels: Labels) -> Markup:
    """Draw the confidences of right and of wrong predictions, each with its own scale."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels

    def draw(figure: Figure) -> None:
        edges = np.linspace(min(0.5, float(confidence.min())), 1, 26)
        top, bottom = figure.subplots(2, sharex=True)
        for axes, name, which, colour in (
            (top, "right", right, BLUE),
            (bottom, "wrong", ~right, ORANGE),
        ):
            axes.stairs(*np.histogram(confidence[which], edges), fill=True, color=colour)
            axes.set(ylabel=name)
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        bottom.set(xlabel="confidence")

    return svg("Confidence of right and wrong predictions", draw)


def coverage_plot(
    probabilities: Floats, labels: Labels, acceptance: Acceptance, at: dict[str, Any]
) -> Markup:
    """Draw the accuracy of the most confident images by their share, with the threshold in use."""
    coverage, accuracy = coverage_curve(probabilities, labels, acceptance)

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot(coverage, accuracy, color=BLUE)
        if at["n"]:
            axes.scatter(
                [at["coverage"]],
                [at["accuracy"]],
                60,
                color=ORANGE,
                zorder=3,
                label="the threshold in use",
            )
            axes.legend(loc="lower left")
        axes.set(
            xlabel="coverage: share of images accepted", ylabel="accuracy of those", xlim=(0, 1.02)
        )
        # The accuracy of the first few images is 0 or 1 by chance.
        lowest = float(accuracy[len(accuracy) // 20 :].min(initial=1))
        axes.set_ylim(lowest - 0.1 * (1.02 - lowest), 1 + 0.05 * (1.02 - lowest))

    return svg("Accuracy against coverage", draw)


def latency_histogram(milliseconds: Floats) -> Markup:
    """Draw the latency that the client measured, with the median and the 99th percentile."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.stairs(*np.histogram(milliseconds, 40), fill=True, color=BLUE)
        for name, style, value in zip(
            ("p50", "p99"), ("-", ":"), np.percentile(milliseconds, [50, 99]), strict=True
        ):
            axes.axvline(float(value), color=INK, linestyle=style, label=f"{name} {value:,.0f} ms")

        axes.set(xlabel="latency (ms)", ylabel="images")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    return svg("Latency", draw)


def short_name(name: str) -> str:
    """Shorten a class name to `LONGEST` characters; the table beside the plot has all of it."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
