"""Render the overview of a service from its tables, metrics and model card."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cli.page import Origin
from review.images import Reason
from review.overview import view
from review.overview.snapshot import Collector

if TYPE_CHECKING:
    from cli.aws import Aws
    from cli.service import Service


@dataclass(frozen=True)
class ServiceOverview:
    """The overview of one service."""

    collector: Collector
    endpoint_url: str
    region: str

    @classmethod
    def of(
        cls,
        aws: "Aws",
        service: "Service",
        stack: str,
        counts: Callable[[], Mapping[Reason, int]],
    ) -> Self:
        """Return the overview of a stack.

        Args:
            counts: Counts the waiting images by reason.
        """
        collector = Collector(aws, service, stack, counts)
        return cls(collector, aws.s3.meta.endpoint_url, aws.region)

    def content(self) -> str:
        """Return the HTML of all sections."""
        return view.content(self.collector.snapshot())

    def one_file(self) -> str:
        """Return the whole page as one file."""
        origin = Origin.of_endpoint(self.endpoint_url, self.region)
        return view.one_file(self.collector.snapshot(), origin)
