"""Our statistics agree with scipy, statsmodels and scikit-learn on data drawn at random."""

import io
from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, optimize, stats
from sklearn import metrics as sklearn_metrics
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator
from statsmodels.stats.contingency_tables import Table, mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from training.statistics import metrics
from training.statistics.acceptance import Acceptance
from training.statistics.agreement import agreement
from training.statistics.calibration import fit_temperature, with_temperature
from training.statistics.drift import Comparison as DriftComparison
from training.statistics.drift import counted, holm, measured
from training.statistics.image_statistics import SIDE, TINY, image_statistics
from training.statistics.paired_accuracy import Comparison
from training.statistics.precision_guarantee import precision_bound, upper_precision_bound
from training.statistics.share_difference import Share, difference

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

SHARES = [(0, 1), (1, 1), (0, 40), (40, 40), (1, 29), (15, 148), (299, 300), (9_512, 10_000)]
NAMES = ["car", "other", "truck", "van"]


def answers(seed: int, images: int = 2_000) -> tuple[Floats, Labels]:
    """Class probabilities (images, 4) of an overconfident model, and class indices (images,)."""
    draw = np.random.default_rng(seed)
    true = draw.dirichlet([0.4] * len(NAMES), images)
    labels = (draw.random((images, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return with_temperature(true, 0.6), labels


# ---------------------------------------------------------------- shares


@pytest.mark.parametrize("risk", [0.05, 0.01, 0.001])
@pytest.mark.parametrize(("right", "accepted"), SHARES)
def test_precision_bounds_are_those_of_statsmodels(right: int, accepted: int, risk: float) -> None:
    # A two-sided interval leaves half of alpha on each side.
    low, high = proportion_confint(right, accepted, alpha=2 * risk, method="beta")

    assert pytest.approx(low, abs=1e-12) == precision_bound(
        np.array(right), np.array(accepted), risk
    )
    assert pytest.approx(high, abs=1e-12) == upper_precision_bound(
        np.array(right), np.array(accepted), risk
    )


@pytest.mark.parametrize(("right", "n"), SHARES)
def test_wilson_interval_is_that_of_statsmodels(right: int, n: int) -> None:
    expected = proportion_confint(right, n, alpha=0.05, method="wilson")
    assert pytest.approx(expected, abs=1e-7) == metrics.wilson_interval(right, n)


@pytest.mark.parametrize(
    ("a", "b"),
    [((0, 50), (0, 60)), ((0, 50), (9, 60)), ((56, 70), (48, 80)), ((990, 1_000), (1_000, 1_000))],
)
def test_interval_of_a_difference_is_newcombes_in_statsmodels(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    expected = confint_proportions_2indep(*b, *a, method="newcomb", compare="diff")
    assert pytest.approx(expected, abs=1e-6) == difference(Share(*a), Share(*b)).interval


# ---------------------------------------------------------------- two models on the same images


@pytest.mark.parametrize(("won", "lost"), [(1, 0), (5, 0), (12, 5), (30, 29), (130, 100)])
def test_p_value_of_two_models_is_half_of_mcnemars_in_statsmodels(won: int, lost: int) -> None:
    two_sided = mcnemar([[500, won], [lost, 20]], exact=True).pvalue
    assert pytest.approx(two_sided / 2) == Comparison(520 + won + lost, won, lost).p_value


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (12, 5), (5, 12), (130, 100)])
def test_interval_of_two_models_is_that_of_the_mean_difference_of_images(
    won: int, lost: int
) -> None:
    images = 1_000
    # Agresti and Min add half an image to each of the four cells; two cells have no difference.
    values, weights = (
        np.array([1, -1, 0]),
        np.array([won + 0.5, lost + 0.5, images - won - lost + 1]),
    )
    mean = np.average(values, weights=weights)
    variance = np.average((values - mean) ** 2, weights=weights)
    expected = stats.norm.interval(0.95, mean, np.sqrt(variance / weights.sum()))

    assert pytest.approx(expected, abs=1e-7) == Comparison(images, won, lost).interval


# ---------------------------------------------------------------- metrics of class probabilities


@pytest.mark.parametrize("seed", range(3))
def test_metrics_are_those_of_scikit_learn(seed: int) -> None:
    probabilities, labels = answers(seed)
    predictions = probabilities.argmax(axis=1)
    ours = metrics.evaluate(probabilities, labels, NAMES, 1.0, Acceptance.at(0.8, NAMES, None))
    by_class = sklearn_metrics.precision_recall_fscore_support(labels, predictions)
    macro = sklearn_metrics.precision_recall_fscore_support(labels, predictions, average="macro")

    assert (
        sklearn_metrics.confusion_matrix(labels, predictions).tolist() == ours["confusion_matrix"]
    )
    assert pytest.approx(sklearn_metrics.accuracy_score(labels, predictions)) == ours["accuracy"]
    for at, name in enumerate(("precision", "recall", "f1", "support")):
        assert pytest.approx(by_class[at].tolist()) == [ours["classes"][one][name] for one in NAMES]
    assert pytest.approx(macro[:3]) == tuple(ours["macro"].values())


@pytest.mark.parametrize("seed", range(3))
def test_calibration_errors_are_those_of_scikit_learn(seed: int) -> None:
    probabilities, labels = answers(seed)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    accuracy, mean = calibration_curve(right, confidence, n_bins=15)
    images = np.histogram(confidence, 15, (0, 1))[0]
    expected = np.average(abs(accuracy - mean), weights=images[images > 0])

    assert pytest.approx(expected) == metrics.expected_calibration_error(probabilities, labels)
    assert pytest.approx(sklearn_metrics.log_loss(labels, probabilities)) == (
        metrics.negative_log_likelihood(probabilities, labels)
    )


@pytest.mark.parametrize("seed", range(3))
def test_most_confident_predictions_have_the_accuracy_of_scikit_learns_precision_curve(
    seed: int,
) -> None:
    probabilities, labels = answers(seed)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    precision, recall, _ = sklearn_metrics.precision_recall_curve(right, confidence)

    # From the strictest threshold to the laxest.
    _, accuracy = metrics.coverage_curve(probabilities, labels, Acceptance.at(0.8, NAMES, None))
    accepted = np.round(recall * right.sum() / np.maximum(precision, 1e-9)).astype(int)
    known = accepted > 0
    assert pytest.approx(precision[known].tolist()) == accuracy[accepted[known] - 1].tolist()


# ---------------------------------------------------------------- temperature


class Probabilities(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # no types
    """A classifier of scikit-learn whose input is its answer."""

    classes_ = np.arange(len(NAMES))

    def fit(self, _answered: Floats, _labels: Labels) -> "Probabilities":
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, answered: Floats) -> Floats:
        return answered

    def predict(self, answered: Floats) -> Labels:
        return answered.argmax(axis=1)


@pytest.mark.parametrize("seed", range(3))
def test_temperature_is_that_of_scikit_learn(seed: int) -> None:
    probabilities, labels = answers(seed, 5_000)
    fitted: Any = CalibratedClassifierCV(FrozenEstimator(Probabilities()), method="temperature")
    fitted.fit(probabilities, labels)
    [calibrator] = fitted.calibrated_classifiers_[0].calibrators

    # Ours smooths the labels a little (Platt); of 5,000 images that is hardly seen.
    assert pytest.approx(1 / calibrator.beta_, rel=0.005) == fit_temperature(probabilities, labels)


@pytest.mark.parametrize("images", [30, 300])
def test_temperature_has_the_least_loss_that_scipy_finds(images: int) -> None:
    probabilities, labels = answers(4, images)
    doubt = 1 / (images + 2)
    truth = np.full(probabilities.shape, doubt / (len(NAMES) - 1))
    truth[np.arange(images), labels] = 1 - doubt

    def loss(inverse: float) -> float:
        return float(
            -(truth * np.log(with_temperature(probabilities, 1 / inverse))).sum(axis=1).mean()
        )

    found = optimize.minimize_scalar(
        loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9}
    )
    assert pytest.approx(1 / found.x, rel=1e-5) == fit_temperature(probabilities, labels)


# ---------------------------------------------------------------- drift


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.4])
def test_distance_and_p_value_of_numbers_are_those_of_scipys_exact_test(shift: float) -> None:
    draw = np.random.default_rng(0)
    reference, recent = draw.normal(0, 1, 900), draw.normal(shift, 1, 400)
    exact, ours = (
        stats.ks_2samp(reference, recent, method="exact"),
        measured("x", list(reference), list(recent)),
    )

    assert pytest.approx(exact.statistic) == ours.distance
    assert pytest.approx(exact.pvalue, rel=0.1) == ours.p_value


@pytest.mark.parametrize("recent", [(50, 30, 20), (60, 30, 10), (200, 190, 210)])
def test_p_value_of_many_kinds_is_that_of_statsmodels(recent: tuple[int, ...]) -> None:
    table = np.array([(1_000, 700, 300), recent])
    one, other = (Counter(dict(zip("abc", row.tolist(), strict=True))) for row in table)
    expected = Table(table, shift_zeros=False).test_nominal_association().pvalue

    assert pytest.approx(expected) == counted("c", one, other).p_value


def test_p_value_of_two_kinds_is_the_sum_of_tables_no_likelier() -> None:
    table = stats.hypergeom(M=260, n=24, N=60)  # 24 of 260 reviewed; 60 are recent
    likelihoods = table.pmf(np.arange(25))
    expected = likelihoods[likelihoods <= table.pmf(11) * (1 + 1e-7)].sum()
    one, other = Counter(review=13, accepted=187), Counter(review=11, accepted=49)

    assert pytest.approx(expected) == counted("c", one, other).p_value


@pytest.mark.parametrize("seed", range(2))
def test_family_drifts_where_statsmodels_rejects_by_holm(seed: int) -> None:
    p_values = np.random.default_rng(seed).beta(0.3, 8, 11)
    family = [
        DriftComparison(f"{at:02}", "t", 0.0, float(p), 99, 99) for at, p in enumerate(p_values)
    ]
    rejected = multipletests(p_values, alpha=0.05, method="holm")[0]

    drifted = {one.name for one in holm(family, 0.05) if one.drifted}
    assert {
        one.name for one, is_rejected in zip(family, rejected, strict=True) if is_rejected
    } == drifted


def test_sharpness_of_an_image_is_that_of_scipys_laplacian() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG")
    lightness = pixels / 255
    laplacian = ndimage.laplace(lightness)[1:-1, 1:-1]
    expected = np.log((np.square(laplacian).mean() + TINY) / (lightness.var() + TINY))

    assert pytest.approx(expected, rel=1e-4) == image_statistics(encoded.getvalue())["sharpness"]


# ---------------------------------------------------------------- reviewers


@pytest.mark.parametrize("classes", [2, 4, 10])
@pytest.mark.parametrize("errors", [0.05, 0.4])
def test_kappa_and_its_interval_are_those_of_scikit_learn_and_statsmodels(
    classes: int, errors: float
) -> None:
    draw = np.random.default_rng(classes)
    one = draw.integers(0, classes, 200)
    other = np.where(draw.random(200) < errors, draw.integers(0, classes, 200), one)
    expected = cohens_kappa(sklearn_metrics.confusion_matrix(one, other))

    found = agreement(list(zip(one.tolist(), other.tolist(), strict=True)))
    assert pytest.approx(sklearn_metrics.cohen_kappa_score(one, other)) == found.kappa
    inside = (expected.kappa_low, min(1.0, expected.kappa_upp))  # kappa is at most 1
    assert pytest.approx(inside) == found.kappa_interval
