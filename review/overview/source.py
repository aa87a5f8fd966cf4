"""Render the overview of a service from its tables, metrics and model card."""

from typing import TYPE_CHECKING

from cli.page import Origin
from review.overview import view
from review.overview.snapshot import Collector, Snapshot

if TYPE_CHECKING:
    from cli.aws import Aws


class ServiceOverview:
    """The overview of one service, in the account of the clients."""

    def __init__(self, aws: "Aws", collector: Collector) -> None:
        self._collector = collector
        self._endpoint_url = aws.s3.meta.endpoint_url
        self._region = aws.region
        self._rendered: tuple[Snapshot, str] | None = None

    def content(self) -> str:
        """Return the HTML of all sections. It is rendered only if something has changed."""
        snapshot = self._collector.snapshot()
        if self._rendered is None or not snapshot.looks_like(self._rendered[0]):
            self._rendered = snapshot, view.content(snapshot)
        return self._rendered[1]

    def one_file(self) -> str:
        """Return the whole page as one file."""
        origin = Origin.of_endpoint(self._endpoint_url, self._region)
        return view.one_file(self._collector.snapshot(), origin)
