"""Test whether recent images have the distribution of the reference, with one error rate for all.

Sources: two-sample Kolmogorov-Smirnov test for measured values (Smirnov, 1939; asymptotic
distribution, Hodges, 1958). Fisher's exact test (1922) for counts of two kinds, and the chi-squared
test of homogeneity (Pearson, 1900; rare classes merged, Cochran, 1954) for counts of more kinds.
Holm's step-down procedure (1979) for the family of tests: it holds for dependent statistics, and
finds at least every drift that Bonferroni's correction finds.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from training.statistics.sample import DIGITS, Decisions, Sample

type Counts = NDArray[np.int64]

FALSE_ALARMS = 0.01  # share of comparisons without drift; one in two years of weekly comparisons
LEAST_IMAGES = 50  # with fewer images a test detects only extreme drift
LEAST_EXPECTED = 5  # images of a class that must be expected in each sample (Cochran, 1954)
CLASSES, CONFIDENCE, REVIEW = "class shares", "confidence", "review share"
DECISIONS = (CLASSES, CONFIDENCE, REVIEW)


@dataclass(frozen=True)
class Comparison:
    """The comparison of one statistic in both samples.

    Args:
        name: The statistic.
        test: The test's name.
        distance: Distance of the samples, 0 to 1: the largest difference of the two distribution
            functions (Kolmogorov-Smirnov), else half the sum of the differences of all shares.
        p_value: Probability of at least this distance without drift.
        reference: Number of images in the reference.
        recent: Number of recent images.
        drifted: Whether the family's procedure detects drift; only `holm` sets it.
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
    """Compare all statistics with at least 50 images in both samples, smallest p-value first.

    Args:
        reference: The held-out images.
        recent: The recent images.
        thresholds: The confidence threshold of each class, applied to both samples. Recent images
            may have been decided at another threshold.
        false_alarms: The largest share of comparisons without drift that report one.
    """
    one = reference.decisions
    other = recent.decisions
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
    """Compare numbers. With many equal values, such as sizes, the test misses some drift."""
    # Both are rounded, because a reference is stored with few digits.
    one, other = (np.round(values, DIGITS) for values in (reference, recent))
    result = stats.ks_2samp(one, other, method="asymp")
    distance, p_value = float(result.statistic), float(result.pvalue)
    return Comparison(name, "Kolmogorov-Smirnov", distance, p_value, len(reference), len(recent))


def counted(name: str, reference: Counter[str], recent: Counter[str]) -> Comparison:
    """Compare the shares of kinds."""
    kinds = sorted(reference.keys() | recent.keys())
    table = np.array([[sample[kind] for kind in kinds] for sample in (reference, recent)])
    table = np.array([[sample[kind] for kind in kinds] for sample in (reference, recent)])

    sizes = table.sum(axis=1)
    shares = table / sizes[:, np.newaxis]
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    test, p_value = _homogeneity(_without_rare(table))
    return Comparison(name, test, distance, p_value, int(sizes[0]), int(sizes[1]))


def holm(family: Sequence[Comparison], false_alarms: float) -> list[Comparison]:
    """Decide which members of a family drifted (Holm, 1979); sort by p-value and name."""
    ordered = sorted(family, key=lambda one: (one.p_value, one.name))
    passed = [
        one.p_value <= false_alarms / (len(ordered) - place) for place, one in enumerate(ordered)
    ]
    first_unchanged = passed.index(False) if False in passed else len(ordered)
    return [replace(one, drifted=place < first_unchanged) for place, one in enumerate(ordered)]


def _outcomes(decisions: Decisions, thresholds: Mapping[str, float]) -> Counter[str]:
    reviewed = decisions.reviewed(thresholds)
    return Counter({"review": reviewed, "accepted": len(decisions.classes) - reviewed})


def _homogeneity(table: Counts) -> tuple[str, float]:
    """Test whether two samples (rows) have the same shares of kinds (columns): name and p-value.

    Fisher's test of two kinds is exact for any counts, where chi-squared has too many false alarms.
    """
    if table.shape[1] > 2:
        return "chi-squared", float(stats.chi2_contingency(table).pvalue)
    return "Fisher's exact", float(stats.fisher_exact(table).pvalue) if table.shape[1] == 2 else 1.0


def _without_rare(table: Counts) -> Counts:
    """Merge the columns of rare kinds, those with too few images expected in the smaller sample.

    If the merged kinds are still rare, merge them with the smallest other kind, unless it is the
    only one.
    """
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    expected = table.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    rare = expected < LEAST_EXPECTED
    common = table[:, ~rare]
    rest = table[:, rare].sum(axis=1, keepdims=True)

    if common.shape[1] > 1 and expected[rare].sum() < LEAST_EXPECTED:
        return np.hstack([common[:, :-1], common[:, -1:] + rest])
    return np.hstack([common, rest]) if rest.sum() else common
