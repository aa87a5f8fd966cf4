"""What the local SageMaker finds around it: the rest of the local cloud, as far as it has to do with it."""

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
        authorizer: Asked before anything is done.
        telemetry_sink: Takes the metrics and the captured data of endpoints.
        scalable_targets: Knows which variants of endpoints are registered with Application Auto Scaling.
        alarms: Tells the states of CloudWatch's alarms.
        jobs: What training jobs share; of it endpoints use the algorithms.
        account: The account of every ARN.
        default_region: The region of a request that does not say for which it is signed.
        model_time_limit_seconds: How long a model may take for one answer.
        publish_seconds: How long metrics and captured data wait to be published.
        cold_start_seconds: How long a serverless variant takes to start.
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
