"""Whether recent images are drawn as the reference was: one family of tests, with one error rate for all of it.

Sources: two-sample Kolmogorov-Smirnov test (Smirnov, 1939; asymptotic distribution, Hodges, 1958) for what is measured;
for what is counted Fisher's exact test (1922) of two kinds, and the chi-squared test of homogeneity (Pearson, 1900;
classes of which too few are expected put together, Cochran, 1954) of more; Holm's step-down procedure (1979) for the
family. Holm holds however the statistics depend on each other, and finds whatever Bonferroni's correction does.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from training.statistics.sample import DIGITS, Decisions, Sample

type Counts = NDArray[np.int64]

FALSE_ALARMS = 0.01  # of all comparisons without drift, at most this share; one in two years if compared every week
LEAST_IMAGES = 50  # below, a test sees nothing but catastrophes
LEAST_EXPECTED = 5  # images of a class that must be expected in each sample (Cochran, 1954)
CLASSES, CONFIDENCE, REVIEW = "class shares", "confidence", "review share"
DECISIONS = (CLASSES, CONFIDENCE, REVIEW)


@dataclass(frozen=True)
class Comparison:
    """One statistic in both samples.

    Args:
        name: The statistic.
        test: The test's name.
        distance: Between the samples, 0 to 1: the largest between the two distribution functions
            (Kolmogorov-Smirnov), half the sum of the differences of all shares otherwise.
        p_value: How often a distance like this comes by chance where nothing has changed.
        reference: Number of images in the reference, of recent images in `recent`.
        drifted: Whether the family's procedure says so; only `holm` knows.
    """

    name: str
    test: str
    distance: float
    p_value: float
    reference: int
    recent: int
    drifted: bool = False


def compare(
    reference: Sample,
    recent: Sample,
    thresholds: Mapping[str, float],
    false_alarms: float = FALSE_ALARMS,
) -> list[Comparison]:
    """Compare all statistics that both samples have at least 50 images of; the likeliest drift first.

    Args:
        reference: The held-out images.
        recent: What came lately.
        thresholds: The confidence threshold of each class, which both samples are held to: what was recorded of
            recent images may have been at another.
        false_alarms: The share of comparisons without any drift in which something is found nevertheless, at most.
    """
    one, other = reference.decisions, recent.decisions
    found: list[Comparison] = []
    if min(len(one.classes), len(other.classes)) >= LEAST_IMAGES:
        found += [
            counted(CLASSES, Counter(one.classes), Counter(other.classes)),
            measured(CONFIDENCE, one.confidences, other.confidences),
            counted(REVIEW, _outcomes(one, thresholds), _outcomes(other, thresholds)),
        ]
    for name in reference.statistics.keys() & recent.statistics.keys():
        values = reference.statistics[name], recent.statistics[name]
        if min(map(len, values)) >= LEAST_IMAGES:
            found.append(measured(name, *values))
    return holm(found, false_alarms)


def measured(name: str, reference: Sequence[float], recent: Sequence[float]) -> Comparison:
    """Compare numbers. Where many are equal, as the sizes of images are, the test errs on the side of no drift."""
    # Rounded alike: a reference is stored with few digits, and one that all images share must stay the same number.
    one, other = (np.round(values, DIGITS) for values in (reference, recent))
    result = stats.ks_2samp(one, other, method="asymp")
    distance, p_value = float(result.statistic), float(result.pvalue)
    return Comparison(name, "Kolmogorov-Smirnov", distance, p_value, len(reference), len(recent))


def counted(name: str, reference: Counter[str], recent: Counter[str]) -> Comparison:
    """Compare the shares of kinds."""
    kinds = sorted(reference.keys() | recent.keys())
    table = np.array([[sample[kind] for kind in kinds] for sample in (reference, recent)])
    sizes = table.sum(axis=1)
    shares = table / sizes[:, np.newaxis]
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    test, p_value = _homogeneity(_without_rare(table))
    return Comparison(name, test, distance, p_value, int(sizes[0]), int(sizes[1]))


def holm(family: Sequence[Comparison], false_alarms: float) -> list[Comparison]:
    """Say which of a family have drifted (Holm, 1979); the smallest p-value first, equal ones by name."""
    ordered = sorted(family, key=lambda one: (one.p_value, one.name))
    passed = [
        one.p_value <= false_alarms / (len(ordered) - place) for place, one in enumerate(ordered)
    ]
    first_kept = passed.index(False) if False in passed else len(ordered)
    return [replace(one, drifted=place < first_kept) for place, one in enumerate(ordered)]


def _outcomes(decisions: Decisions, thresholds: Mapping[str, float]) -> Counter[str]:
    reviewed = decisions.reviewed(thresholds)
    return Counter({"review": reviewed, "accepted": len(decisions.classes) - reviewed})


def _homogeneity(table: Counts) -> tuple[str, float]:
    """The name and the p-value of the test of whether two samples (rows) have the same shares of kinds (columns).

    Of two kinds there may be as few as want to be: Fisher's test is exact, where chi-squared calls too often.
    """
    if table.shape[1] > 2:
        return "chi-squared", float(stats.chi2_contingency(table).pvalue)
    return "Fisher's exact", float(stats.fisher_exact(table).pvalue) if table.shape[1] == 2 else 1.0


def _without_rare(table: Counts) -> Counts:
    """The same counts with all columns in one of which too few images would be expected in the smaller sample.

    If these are too few together, they go with the smallest of the others, unless there is but one.
    """
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = expected < LEAST_EXPECTED
    kept, rest = table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)
    if kept.shape[1] > 1 and expected[rare].sum() < LEAST_EXPECTED:
        return np.hstack([kept[:, :-1], kept[:, -1:] + rest])
    return np.hstack([kept, rest]) if rest.sum() else kept
