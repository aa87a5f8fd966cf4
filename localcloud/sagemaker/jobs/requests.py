"""Check a request for a training job, and refuse the members that are not emulated."""

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.sagemaker.algorithms import Algorithms
from localcloud.sagemaker.api.emulated import ANY, refuse_not_emulated
from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.jobs.specification import check_content_types, described, find_algorithm

# AWS's default of MaxRuntimeInSeconds: a day.
_MAX_RUNTIME_SECONDS = 86_400
# AWS describes both for every job: Estimator.attach of version 2 of the SageMaker SDK expects
# KmsKeyId (EstimatorBase._prepare_init_params_from_job_description).
_OUTPUT_DEFAULTS = {"KmsKeyId": "", "CompressionType": "GZIP"}
# Networks, encryption and disks cannot change the model here, and are only recorded.
_CHANNEL = {
    "ChannelName": ANY,
    "DataSource": {
        "S3DataSource": {
            "S3DataType": {"S3Prefix"},
            "S3Uri": ANY,
            "S3DataDistributionType": ANY,  # no effect with one instance
        }
    },
    "ContentType": ANY,  # check_content_types has more rules
    "CompressionType": {"None"},
    "RecordWrapperType": {"None"},
    "InputMode": {"File"},
}
EMULATED_TRAINING_JOB = {
    "TrainingJobName": ANY,
    "HyperParameters": ANY,
    "AlgorithmSpecification": {
        "TrainingImage": ANY,
        "TrainingInputMode": ANY,
        "MetricDefinitions": ANY,
        "EnableSageMakerMetricsTimeSeries": ANY,
    },
    "RoleArn": ANY,
    "InputDataConfig": [_CHANNEL],
    "OutputDataConfig": {"S3OutputPath": ANY, "KmsKeyId": ANY, "CompressionType": {"GZIP"}},
    "ResourceConfig": {
        "InstanceType": ANY,
        "InstanceCount": {1},
        "VolumeSizeInGB": ANY,
        "VolumeKmsKeyId": ANY,
    },
    "VpcConfig": ANY,
    "StoppingCondition": {"MaxRuntimeInSeconds": ANY, "MaxWaitTimeInSeconds": ANY},
    "Tags": ANY,
    "EnableNetworkIsolation": ANY,
    "EnableInterContainerTrafficEncryption": ANY,
    "EnableManagedSpotTraining": ANY,
    "Environment": ANY,
    # ^SageMaker Debugger would save data beside the job; here its settings are only recorded.
    "DebugHookConfig": ANY,
    "ProfilerConfig": ANY,
    "CheckpointConfig": {
        "S3Uri": ANY,
        "LocalPath": {"/opt/ml/checkpoints", "/opt/ml/checkpoints/"},
    },
}


def training_job(request: Record, algorithms: Algorithms) -> Record:
    """Return the members of the requested training job, with AWS's defaults.

    Args:
        request: of CreateTrainingJob.
        algorithms: those that run in place of images.

    Raises:
        NotEmulatedError: a member is not emulated.
        InvalidRequestError: AWS refuses the request too.
    """
    refuse_not_emulated(request, EMULATED_TRAINING_JOB)
    for member in ("AlgorithmSpecification", "ResourceConfig", "InputDataConfig"):
        if member not in request:
            raise InvalidRequestError(f"{member} is missing: the training job needs it.")
    algorithm = find_algorithm(request["AlgorithmSpecification"], algorithms)
    job = {
        "HyperParameters": {},
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        **request,
        "AlgorithmSpecification": described(request["AlgorithmSpecification"], algorithm),
        "OutputDataConfig": {**_OUTPUT_DEFAULTS, **request["OutputDataConfig"]},
        "StoppingCondition": {
            "MaxRuntimeInSeconds": _MAX_RUNTIME_SECONDS,
            **request.get("StoppingCondition", {}),
        },
    }
    _check_channels(job["InputDataConfig"])
    check_content_types(job["InputDataConfig"], algorithm)
    job["InputDataConfig"] = [_with_defaults(channel) for channel in job["InputDataConfig"]]
    _check_locations(job)
    _check_resources(job["ResourceConfig"])
    _check_limits(job)

    return job


def _with_defaults(channel: Record) -> Record:
    source = {"S3DataDistributionType": "FullyReplicated", **channel["DataSource"]["S3DataSource"]}
    return {
        "CompressionType": "None",
        "RecordWrapperType": "None",
        **channel,
        "DataSource": {"S3DataSource": source},
    }


def _check_channels(channels: list[Record]) -> None:
    names = [channel["ChannelName"] for channel in channels]
    if len(set(names)) < len(names):
        raise InvalidRequestError("Two channels of InputDataConfig have the same ChannelName.")

    for channel in channels:
        if "S3DataSource" not in channel["DataSource"]:
            raise InvalidRequestError(
                f"The channel {channel['ChannelName']} has no DataSource.S3DataSource."
            )


def _check_locations(job: Record) -> None:
    sources = [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in job["InputDataConfig"]]
    checkpoints = [job["CheckpointConfig"]["S3Uri"]] if "CheckpointConfig" in job else []
    for url in [*sources, job["OutputDataConfig"]["S3OutputPath"], *checkpoints]:
        if not url.startswith("s3://"):
            raise NotEmulatedError(
                f"{url} does not start with s3://: no other location is emulated."
            )


def _check_resources(resources: Record) -> None:
    for member in ("InstanceType", "InstanceCount"):
        if member not in resources:
            raise InvalidRequestError(
                f"ResourceConfig.{member} is missing: the training job needs it."
            )

    family = resources["InstanceType"].split(".")[1]
    if "VolumeKmsKeyId" in resources and family in (
        "g4dn",
        "g5",
        # Their local disks are encrypted by the hardware.
    ):
        raise InvalidRequestError(
            f"VolumeKmsKeyId is not supported for instance type {resources['InstanceType']}: "
            "it has local NVMe disks. Please remove the key, or choose another instance type."
        )


def _check_limits(job: Record) -> None:
    limits = job["StoppingCondition"]
    longest_wait = limits.get("MaxWaitTimeInSeconds")
    if job["EnableManagedSpotTraining"]:
        if longest_wait is None or longest_wait < limits["MaxRuntimeInSeconds"]:
            raise InvalidRequestError(
                "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
                "MaxRuntimeInSeconds."
            )
    elif longest_wait is not None:
        raise InvalidRequestError(
            "MaxWaitTimeInSeconds is supported only when EnableManagedSpotTraining is true."
        )
