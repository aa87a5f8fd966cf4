"""Write metrics and captured data of endpoints into MiniStack's CloudWatch and S3."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from localcloud.ministack import state_saves
from localcloud.ministack.sagemaker.object_store import MiniStackObjectStore
from localcloud.sagemaker.hosting.data_capture import CaptureFile
from localcloud.sagemaker.hosting.metrics import NAMESPACE
from localcloud.sagemaker.hosting.telemetry import SinkUnavailableError
from localcloud.sagemaker.object_store import ObjectUnavailableError


@dataclass(frozen=True)
class MiniStackSink:
    """Write in this process, with the permissions of the account's root."""

    objects: MiniStackObjectStore

    def put_metrics(self, region: str, data: Iterable[Mapping[str, Any]]) -> None:
        """Send metrics of endpoints to CloudWatch."""
        request = {"Namespace": NAMESPACE, "MetricData": list(data)}

        def put() -> None:
            with request_scope(self.objects.account, region):
                cloudwatch._put_metric_data({}, request, False, True)

        self.objects.run(put)
        state_saves.note_change()

    def put_file(self, region: str, file: CaptureFile) -> None:
        """Write captured data to S3.

        Raises:
            SinkUnavailableError: with the reason.
        """
        objects = replace(self.objects, region=region)
        try:
            objects.write(file.url, file.body, file.kms_key_id, "application/jsonlines")
        except ObjectUnavailableError as exc:
            raise SinkUnavailableError(str(exc)) from exc
