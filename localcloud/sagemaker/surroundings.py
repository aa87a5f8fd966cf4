"""Define the services and settings that the local SageMaker uses."""

from dataclasses import dataclass

from localcloud.api.authorizer import Authorizer
from localcloud.sagemaker.hosting.operations import ScalableTargets
from localcloud.sagemaker.hosting.runtime import MODEL_TIME_LIMIT_SECONDS
from localcloud.sagemaker.hosting.telemetry import PUBLISH_SECONDS, TelemetrySink
from localcloud.sagemaker.hosting.traffic import Alarms
from localcloud.sagemaker.jobs.run import JobServices
from localcloud.sagemaker.object_store import ObjectStore


@dataclass(frozen=True)
class Surroundings:
    """The other services, and the settings.

    Args:
        artifact_store: Reads the model.tar.gz of a model.
        authorizer: Decides first whether a request is allowed.
        telemetry_sink: Takes the metrics and the captured data of endpoints.
        scalable_targets: The variants that are registered with Application Auto Scaling.
        alarms: Returns the states of CloudWatch's alarms.
        jobs: The services that training jobs share; endpoints use its algorithms.
        account: The account of every ARN.
        default_region: The region of requests whose signature has none.
        model_time_limit_seconds: The time limit of a model's answer.
        publish_seconds: The delay of metrics and captured data.
        cold_start_seconds: The time that a serverless variant takes to start.
    """

    artifact_store: ObjectStore
    authorizer: Authorizer
    telemetry_sink: TelemetrySink
    scalable_targets: ScalableTargets
    alarms: Alarms
    jobs: JobServices
    account: str = "000000000000"
    default_region: str = "us-east-1"
    model_time_limit_seconds: float = MODEL_TIME_LIMIT_SECONDS
    publish_seconds: float = PUBLISH_SECONDS
    cold_start_seconds: float = 0.0
