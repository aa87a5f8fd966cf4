"""The one training algorithm that there is here, as SageMaker knows it."""

from collections.abc import Mapping

from localcloud.sagemaker.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.hosting.algorithm_image import require_algorithm

CONTENT_TYPES = ("application/x-image", "application/x-recordio", "application/x-sagemaker-model")
# https://docs.aws.amazon.com/sagemaker/latest/dg/IC-tuning.html: what can be optimized, and what can be tuned for it.
OBJECTIVE_METRICS = ("validation:accuracy",)
TUNABLE_HYPERPARAMETERS = (
    "beta_1",
    "beta_2",
    "eps",
    "gamma",
    "learning_rate",
    "mini_batch_size",
    "momentum",
    "optimizer",
    "weight_decay",
)
_EPOCH = r"Epoch\[\d+\] "
METRIC_DEFINITIONS = (
    {"Name": "train:accuracy", "Regex": _EPOCH + r"Train-accuracy=([0-9.]+)"},
    {"Name": "validation:accuracy", "Regex": _EPOCH + r"Validation-accuracy=([0-9.]+)"},
)


def described(specification: Mapping[str, object]) -> Record:
    """Return the AlgorithmSpecification of a job as it is described: with the algorithm's own metrics.

    Raises:
        NotEmulatedError: it is another algorithm, or another way to get at its data.
        InvalidRequestError: it asks for metrics of its own, which AWS refuses for its built-in algorithms.
    """
    require_algorithm(str(specification.get("TrainingImage")))
    if specification["TrainingInputMode"] != "File":
        raise NotEmulatedError("TrainingInputMode other than File is not emulated by the local SageMaker.")
    if "MetricDefinitions" in specification:
        raise InvalidRequestError(
            "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the request "
            "without specifying metric definitions."
        )
    return {**specification, "MetricDefinitions": list(METRIC_DEFINITIONS), "EnableSageMakerMetricsTimeSeries": False}
