"""Metrics and captured data of endpoints, into the CloudWatch and the S3 of the local cloud."""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import batched
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.sagemaker.hosting.data_capture import CaptureFile
from localcloud.sagemaker.hosting.metrics import NAMESPACE
from localcloud.sagemaker.hosting.telemetry import SinkUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_s3 import S3Client

# Of PutMetricData: a request may hold 1,000 metrics and 1 MB.
_DATA_PER_REQUEST = 100


class LocalCloudSink:
    """Writes over HTTP, as the account's root."""

    def __init__(self, endpoint_url: str, access_key_id: str, secret_access_key: str) -> None:
        @cache
        def client(service: str, region: str) -> Any:
            # Loopback addresses have no sub-domains for buckets. Who does not answer is this very process, which stops:
            # trying again would only hold it up.
            config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
            # A session each, since sessions are not for several threads.
            session = boto3.session.Session(access_key_id, secret_access_key)
            return session.client(service, region, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]

        self._client = client

    def put_metrics(self, region: str, data: Iterable[Mapping[str, Any]]) -> None:
        """Send metrics of endpoints to CloudWatch.

        Raises:
            SinkUnavailableError: with the reason.
        """
        cloudwatch = cast("CloudWatchClient", self._client("cloudwatch", region))
        try:
            for part in batched(data, _DATA_PER_REQUEST, strict=False):
                cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=part)  # type: ignore[arg-type]
        except (ClientError, BotoCoreError) as exc:
            raise SinkUnavailableError(str(exc)) from exc

    def put_file(self, region: str, file: CaptureFile) -> None:
        """Write captured data to S3.

        Raises:
            SinkUnavailableError: with the reason.
        """
        bucket = urlsplit(file.url).netloc
        key = file.url.removeprefix(f"s3://{bucket}/")
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": file.kms_key_id} if file.kms_key_id else {}
        s3 = cast("S3Client", self._client("s3", region))
        try:
            s3.put_object(Bucket=bucket, Key=key, Body=file.body, ContentType="application/jsonlines", **encryption)  # type: ignore[arg-type]
        except (ClientError, BotoCoreError) as exc:
            raise SinkUnavailableError(str(exc)) from exc
