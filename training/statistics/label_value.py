"""Say when more labels stop to help, from successive models and the labels between them.

Two successive models that agree nearly perfectly, twice, end the labelling (Bloodgood and
Vijay-Shanker, "A method for stopping active learning based on stabilizing predictions", 2009). With
kappa of at least 0.98 on the project's backbone this costs at most 0.2 points of accuracy, a mean
of 10 draws of two and of ten classes (`python -m benchmarks.stop_labelling`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from training.statistics.model_change import ModelChange, PairedShare

STABLE = 0.98  # kappa of the predictions of two successive models
LEAST_IMAGES = 100  # with fewer, no changed prediction leaves a kappa of 0.98
NEXT = 100  # labels
# Fewer labels between two models change nearly nothing in any case.
LEAST_GROWTH = 0.05  # of the labels before


@dataclass(frozen=True)
class Gain:
    """What the next `NEXT` labels are worth at the present rate: reviews saved, and 95 % interval.

    No number exceeds the reviews that are left.

    Args:
        reviews: Reviews saved.
        interval: The 95 % interval of this number.
        left: Number of reviews of the images with the present model.
        images: Number of images that the reviews are a part of.
        monthly: Whether these are the images of a month.
    """

    reviews: float
    interval: tuple[float, float]
    left: float
    images: int
    monthly: bool

    @property
    def is_measurable(self) -> bool:
        """Return whether the interval excludes no gain at all."""
        return self.interval[0] > 0


@dataclass(frozen=True)
class LabelValue:
    """What the last labels have changed.

    Args:
        before: Number of labels of the earlier model.
        labels: Number of labels between the two models.
        changed: Share of decisions that these labels changed.
        images: Number of test images that both models have decided.
        kappas: Kappa of the predictions of successive models, the newest last; at most two. A value
            is None if it is not measurable.
        gain: What the next labels are worth, None if the coverage is unknown.
    """

    before: int
    labels: int
    changed: float
    images: int
    kappas: Sequence[float | None]
    gain: Gain | None

    @property
    def is_stable(self) -> bool:
        """Return whether two pairs of successive models agree, so that labelling can stop."""
        stable = [kappa is not None and kappa >= STABLE for kappa in self.kappas]
        counts = self.images >= LEAST_IMAGES and is_growth(self.before, self.labels)
        return counts and stable[-2:] == [True, True]

    def sentences(self) -> list[str]:
        """Return what the labels changed, and whether more of them are worth their time."""
        kappa = self.kappas[-1]
        agreed = "unknown" if kappa is None else f"{kappa:.3f}"
        said = [
            f"The last {self.labels:,} labels changed {100 * self.changed:.2g} % of the decisions "
            f"(n = {self.images:,} test images, kappa of the predictions {agreed})."
        ]
        if self.is_stable:
            said.append(
                f"Stop labelling uncertain images: kappa was at least {STABLE} for two models in "
                "succession, so more of them hardly change the predictions."
            )
        return [*said, self._worth()]

    def _worth(self) -> str:
        what = f"What the next {NEXT} labels are worth is not measurable yet"
        if self.gain is None:
            return f"{what}."
        if not self.gain.left:
            return "No review is left to save: the model accepts all of these images."
        unit = "reviews a month" if self.gain.monthly else f"reviews of {self.gain.images:,} images"
        if self.gain.interval[0] >= self.gain.left:
            left = rounded(self.gain.left)
            return (
                f"At the present rate the next {NEXT} labels would save all {left:,} {unit} that "
                "are left, but each further label gains less."
            )
        low, high = (rounded(end) for end in self.gain.interval)
        reviews, interval = rounded(self.gain.reviews), f"95 %: {low:,} to {high:,}"
        if not self.gain.is_measurable:
            return f"{what}: {reviews:,} {unit} ({interval})."
        return (
            f"The next {NEXT} labels are worth at most about {reviews:,} {unit} "
            f"({interval}): each further label gains less."
        )

    def as_data(self) -> dict[str, Any]:
        """Return the value for metrics.json and --json."""
        return asdict(self) | {"stop": self.is_stable, "sentences": self.sentences()}


def rounded(value: float) -> int:
    """Return a number with two significant digits."""
    return int(float(f"{value:.2g}"))


def is_growth(before: int, labels: int) -> bool:
    """Return whether so many more labels say something about the next ones."""
    return labels >= min(NEXT, LEAST_GROWTH * before)


def label_value(
    change: ModelChange,
    before: int,
    labels: int,
    earlier: float | None,
    images_a_month: int | None,
) -> LabelValue | None:
    """Return what the labels between two models have changed, None without more labels.

    The gain assumes that the next labels gain as much coverage as the last ones. Its interval is
    that of the test images; the choice of the thresholds is not a part of it.

    Args:
        change: The difference of the two models.
        before: Number of labels of the earlier model.
        labels: Number of labels that the later model has in addition.
        earlier: Kappa of the two models before, None if it is unknown.
        images_a_month: Number of images that the service classifies in a month, None if unknown.
    """
    if labels <= 0:
        return None
    gain = None
    if change.coverage:
        gain = _gain(change.coverage, NEXT / labels, images_a_month)
    return LabelValue(
        before=before,
        labels=labels,
        changed=change.changed,
        images=change.accuracy.n,
        kappas=[earlier, change.agreement.kappa],
        gain=gain,
    )


def _gain(coverage: PairedShare, labels: float, images_a_month: int | None) -> Gain:
    """Return the gain of a number of labels, as a multiple of those that gained the coverage."""
    images = images_a_month or 1000
    left = images * (1 - coverage.after)
    low, high = (min(images * labels * end, left) for end in coverage.interval)
    reviews = min(images * labels * coverage.difference, left)
    return Gain(reviews, (low, high), left, images, bool(images_a_month))
