"""Connect to an AWS account, and turn botocore's errors into messages for users."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from cli.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

CONNECTIONS = 32  # of one client: more than any command has threads
CONFIG = Config(
    max_pool_connections=CONNECTIONS, retries={"mode": "standard", "total_max_attempts": 4}
)
# For thousands of calls: the clients slow down by themselves when AWS throttles them.
PATIENT = Config(
    max_pool_connections=CONNECTIONS, retries={"mode": "adaptive", "total_max_attempts": 10}
)


class AwsError(CommandError):
    """AWS refuses a request, or cannot be reached."""


class CredentialsError(AwsError):
    """AWS does not know the caller. Sign in, or use `eval "$(scones local env)"` or --profile."""


class RegionMissingError(AwsError):
    """No region is set. Give --region, or set AWS_REGION."""


class UnreachableError(AwsError):
    """Check the region, the network, or the local cloud (`scones local up --detach`)."""


class PermissionMissingError(AwsError):
    """The caller's policies do not allow this request."""


class QuotaExceededError(AwsError):
    """An account quota is exceeded. Ask for more under Service Quotas, or use another type."""


_CREDENTIAL_CODES = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}
_CREDENTIAL_CODES |= {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException"}
_PERMISSION_CODES = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
_QUOTA_CODES = {"ResourceLimitExceeded", "ServiceQuotaExceededException", "LimitExceededException"}


@dataclass(frozen=True)
class Aws:
    """Hold one account and region; clients are made at their first use."""

    session: boto3.session.Session
    config: Config = CONFIG

    @property
    def region(self) -> str:
        """Return the region of all clients.

        Raises:
            RegionMissingError: no region is set.
        """
        if not self.session.region_name:
            raise RegionMissingError
        return self.session.region_name

    @property
    def is_local(self) -> bool:
        """Return whether requests go to the local cloud: its endpoint has a loopback address."""
        host = urlsplit(self.sagemaker.meta.endpoint_url).hostname or ""
        return host == "localhost" or host.startswith("127.") or host == "::1"

    @cached_property
    def account(self) -> str:
        """Return the number of the account."""
        return self.sts.get_caller_identity()["Account"]

    @cached_property
    def access_analyzer(self) -> Any:  # without types
        """Return the client of IAM Access Analyzer."""
        return self.session.client("accessanalyzer", config=self.config)

    @cached_property
    def autoscaling(self) -> "ApplicationAutoScalingClient":
        """Return the client of Application Auto Scaling."""
        return self.session.client("application-autoscaling", config=self.config)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """Return the client of CloudFormation."""
        return self.session.client("cloudformation", config=self.config)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """Return the client of CloudWatch."""
        return self.session.client("cloudwatch", config=self.config)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Return the client of DynamoDB."""
        return self.session.client("dynamodb", config=self.config)

    @cached_property
    def events(self) -> "EventBridgeClient":
        """Return the client of EventBridge."""
        return self.session.client("events", config=self.config)

    @cached_property
    def iam(self) -> "IAMClient":
        """Return the client of IAM."""
        return self.session.client("iam", config=self.config)

    @cached_property
    def kms(self) -> "KMSClient":
        """Return the client of the Key Management Service."""
        return self.session.client("kms", config=self.config)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """Return the client of CloudWatch Logs."""
        return self.session.client("logs", config=self.config)

    @cached_property
    def s3(self) -> "S3Client":
        """Return the client of S3."""
        return self.session.client("s3", config=self.config)

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        """Return the client of SageMaker's control plane."""
        return self.session.client("sagemaker", config=self.config)

    @cached_property
    def sagemaker_runtime(self) -> "SageMakerRuntimeClient":
        """Return the client of SageMaker's runtime."""
        return self.session.client("sagemaker-runtime", config=self.config)

    @cached_property
    def service_quotas(self) -> Any:  # without types
        """Return the client of Service Quotas."""
        return self.session.client("service-quotas", config=self.config)

    @cached_property
    def sqs(self) -> "SQSClient":
        """Return the client of SQS."""
        return self.session.client("sqs", config=self.config)

    @cached_property
    def ssm(self) -> "SSMClient":
        """Return the client of Systems Manager, for its parameters."""
        return self.session.client("ssm", config=self.config)

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        """Return the client of Step Functions."""
        return self.session.client("stepfunctions", config=self.config)

    @cached_property
    def sts(self) -> "STSClient":
        """Return the client of the Security Token Service."""
        return self.session.client("sts", config=self.config)


def connect(region: str | None = None, config: Config = CONFIG, profile: str | None = None) -> Aws:
    """Return the account of a profile, or the account of the environment variables.

    Raises:
        CredentialsError: the profile does not exist.
        UnreachableError: AWS_ENDPOINT_URL is not a URL.
    """
    url = os.environ.get("AWS_ENDPOINT_URL", "http://")
    if not url.startswith(("http://", "https://")):
        raise UnreachableError(
            f"AWS_ENDPOINT_URL is {url!r}, which is not a URL. Unset it to use AWS."
        )
    try:
        return Aws(boto3.session.Session(region_name=region, profile_name=profile), config)
    except ProfileNotFound as exc:
        raise CredentialsError(f"{exc}. {CredentialsError.__doc__}") from exc


def code_of(error: ClientError) -> str:
    """Return AWS's error code, or the HTTP status of an answer without one, as for HEAD."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return str(_member(error, "Code") or status)


def reason_of(error: ClientError) -> str:
    """Return AWS's message; some services send a null message, or none."""
    return str(_member(error, "Message") or "AWS gave no reason")


def sentence_of(error: ClientError | BotoCoreError) -> str:
    """Return botocore's message, or a sentence for an error without a reason."""
    if isinstance(error, ClientError) and not _member(error, "Message"):
        return f"{error.operation_name} failed: {code_of(error)}. {reason_of(error)}."
    return str(error)


def explain(error: ClientError | BotoCoreError) -> AwsError:
    """Return an error that says what to do. Commands map the errors they know better."""
    if isinstance(error, NoCredentialsError):
        return CredentialsError()
    if isinstance(error, NoRegionError):
        return RegionMissingError()
    if isinstance(error, EndpointConnectionError):
        return UnreachableError(f"{error} {UnreachableError.__doc__}")
    code = code_of(error) if isinstance(error, ClientError) else ""
    kinds = {CredentialsError: _CREDENTIAL_CODES, PermissionMissingError: _PERMISSION_CODES}
    for kind, codes in (kinds | {QuotaExceededError: _QUOTA_CODES}).items():
        if code in codes:
            return kind(f"{sentence_of(error)} {kind.__doc__}")
    return AwsError(sentence_of(error))


def _member(error: ClientError, name: Literal["Code", "Message"]) -> object:
    # An XML error may have neither: botocore then leaves out the members.
    return (error.response.get("Error") or {}).get(name)
