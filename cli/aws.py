"""The AWS account that the commands work in: clients of one session, and botocore's errors in a user's words."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

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

CONNECTIONS = 32  # at once and client: more than any command has threads
CONFIG = Config(
    max_pool_connections=CONNECTIONS, retries={"mode": "standard", "total_max_attempts": 4}
)
# For calls by the thousand: the clients slow down by themselves where AWS throttles them.
PATIENT = Config(
    max_pool_connections=CONNECTIONS, retries={"mode": "adaptive", "total_max_attempts": 10}
)


class AwsError(CommandError):
    """AWS refused, or could not be reached."""


class CredentialsError(AwsError):
    """AWS does not know who is asking: sign in, or `eval "$(python -m localcloud env)"` for the local cloud."""


class RegionMissingError(AwsError):
    """No region is set: give --region, or set AWS_REGION."""


class UnreachableError(AwsError):
    """Nothing answers there: check the region, the network, or the local cloud (`python -m localcloud up --detach`)."""


class PermissionMissingError(AwsError):
    """The caller's policies do not allow this."""


class QuotaExceededError(AwsError):
    """An account quota stands in the way: ask for more under Service Quotas, or use another instance type."""


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
    """One account and region, as the environment and the options say; clients are made at their first use."""

    session: boto3.session.Session
    config: Config = CONFIG

    @property
    def region(self) -> str:
        """The region of everything.

        Raises:
            RegionMissingError: none is set.
        """
        if not self.session.region_name:
            raise RegionMissingError
        return self.session.region_name

    @cached_property
    def account(self) -> str:
        """The account's number."""
        return self.sts.get_caller_identity()["Account"]

    @cached_property
    def access_analyzer(self) -> Any:  # without types
        """IAM Access Analyzer."""
        return self.session.client("accessanalyzer", config=self.config)

    @cached_property
    def autoscaling(self) -> "ApplicationAutoScalingClient":
        """Application Auto Scaling."""
        return self.session.client("application-autoscaling", config=self.config)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """CloudFormation."""
        return self.session.client("cloudformation", config=self.config)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """CloudWatch."""
        return self.session.client("cloudwatch", config=self.config)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB."""
        return self.session.client("dynamodb", config=self.config)

    @cached_property
    def iam(self) -> "IAMClient":
        """IAM."""
        return self.session.client("iam", config=self.config)

    @cached_property
    def kms(self) -> "KMSClient":
        """The Key Management Service."""
        return self.session.client("kms", config=self.config)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """CloudWatch Logs."""
        return self.session.client("logs", config=self.config)

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        return self.session.client("s3", config=self.config)

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        """SageMaker's control plane."""
        return self.session.client("sagemaker", config=self.config)

    @cached_property
    def sagemaker_runtime(self) -> "SageMakerRuntimeClient":
        """SageMaker's runtime."""
        return self.session.client("sagemaker-runtime", config=self.config)

    @cached_property
    def service_quotas(self) -> Any:  # without types
        """Service Quotas."""
        return self.session.client("service-quotas", config=self.config)

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        return self.session.client("sqs", config=self.config)

    @cached_property
    def ssm(self) -> "SSMClient":
        """Systems Manager, for its parameters."""
        return self.session.client("ssm", config=self.config)

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        """Step Functions."""
        return self.session.client("stepfunctions", config=self.config)

    @cached_property
    def sts(self) -> "STSClient":
        """The Security Token Service."""
        return self.session.client("sts", config=self.config)


def connect(region: str | None = None, config: Config = CONFIG) -> Aws:
    """Use the credentials, the region and the endpoints that the environment names, as any AWS client does.

    Raises:
        CredentialsError: the environment names a profile that does not exist.
        UnreachableError: AWS_ENDPOINT_URL is no URL.
    """
    url = os.environ.get("AWS_ENDPOINT_URL", "http://")
    if not url.startswith(("http://", "https://")):
        raise UnreachableError(f"AWS_ENDPOINT_URL is {url!r}, which is no URL: unset it for AWS.")
    try:
        return Aws(boto3.session.Session(region_name=region), config)
    except ProfileNotFound as exc:
        raise CredentialsError(f"{exc}. {CredentialsError.__doc__}") from exc


def code_of(error: ClientError) -> str:
    """The error code that AWS answered; the HTTP status where it sent none, as for HEAD."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return str(_member(error, "Code") or status)


def reason_of(error: ClientError) -> str:
    """What AWS says about an error; some services send a null message, or none."""
    return str(_member(error, "Message") or "AWS gave no reason")


def sentence_of(error: ClientError | BotoCoreError) -> str:
    """The error as botocore words it, or, where AWS gave no reason, a sentence that says so."""
    if isinstance(error, ClientError) and not _member(error, "Message"):
        return f"{error.operation_name} failed: {code_of(error)}. {reason_of(error)}."
    return str(error)


def explain(error: ClientError | BotoCoreError) -> AwsError:
    """Turn what botocore raised into an error that tells a person what to do; commands map what they know better."""
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
