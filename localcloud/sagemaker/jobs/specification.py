"""Check and describe the AlgorithmSpecification of a job, by the rules of its algorithm."""

from collections.abc import Mapping, Sequence

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.sagemaker.algorithms import Algorithm, Algorithms, UnknownImageError
from localcloud.sagemaker.api.store import Record


def find_algorithm(specification: Mapping[str, object], algorithms: Algorithms) -> Algorithm:
    """Return the algorithm that runs in place of the training image.

    Raises:
        InvalidRequestError: no algorithm matches the image. The message is AWS's, as quoted in
            https://github.com/aws/amazon-sagemaker-examples/issues/1476
    """
    image = str(specification.get("TrainingImage"))
    try:
        return algorithms.find(image)
    except UnknownImageError as exc:
        raise InvalidRequestError(f"Cannot find the requested image: {image}. {exc}") from exc


def described(specification: Mapping[str, object], algorithm: Algorithm) -> Record:
    """Return the AlgorithmSpecification of DescribeTrainingJob, with all metrics.

    Raises:
        NotEmulatedError: the input mode is not File.
        InvalidRequestError: the request defines metrics of a built-in algorithm.
    """
    if specification["TrainingInputMode"] != "File":
        raise NotEmulatedError(
            "TrainingInputMode other than File is not emulated by the local SageMaker."
        )
    if algorithm.built_in is None:
        return {"MetricDefinitions": [], "EnableSageMakerMetricsTimeSeries": True, **specification}
    if "MetricDefinitions" in specification:
        raise InvalidRequestError(
            "You can't override the metric definitions for Amazon SageMaker algorithms. "
            "Please retry the request without specifying metric definitions."
        )

    return {
        **specification,
        "MetricDefinitions": list(algorithm.built_in.metric_definitions),
        "EnableSageMakerMetricsTimeSeries": False,
    }


def check_content_types(channels: Sequence[Record], algorithm: Algorithm) -> None:
    """Refuse channels of a content type that a built-in algorithm does not read.

    Raises:
        NotEmulatedError: with the content type and the emulated types.
    """
    if algorithm.built_in is None:
        return

    known = algorithm.built_in.content_types
    for channel in channels:
        if "ContentType" in channel and channel["ContentType"] not in known:
            raise NotEmulatedError(
                f"InputDataConfig.ContentType {channel['ContentType']} is not emulated "
                f"by the local SageMaker; {' or '.join(known)} is."
            )
