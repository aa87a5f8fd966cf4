"""Lease images to pages in memory: one process serves all pages of a folder."""

from collections.abc import Callable
from dataclasses import dataclass

from review.folder.plan import Next
from review.reviewer import LEASE, Reviewer


@dataclass(frozen=True)
class _Lease:
    holder: str
    until: float
    shown: Next


class Leases:
    """The images that pages show at the moment, by their number."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without leases.

        Args:
            clock: Seconds that only grow.
        """
        self._clock = clock
        self._leases: dict[int, _Lease] = {}

    @property
    def images(self) -> list[int]:
        """All images under a lease."""
        now = self._clock()
        self._leases = {image: one for image, one in self._leases.items() if one.until > now}
        return list(self._leases)

    def of(self, reviewer: Reviewer) -> list[Next]:
        """Return the images of a page, in the order in which it got them."""
        return [self._leases[image].shown for image in self.images if self._holds(reviewer, image)]

    def take(self, reviewer: Reviewer, shown: Next) -> None:
        """Lease an image to a page."""
        until = self._clock() + LEASE.total_seconds()
        self._leases[shown.image] = _Lease(reviewer.lease, until, shown)

    def renew(self, reviewer: Reviewer, image: int) -> bool:
        """Extend a lease, also an expired one that nobody took; return whether the page holds it.

        A page that was asleep may go on with its images, as on AWS.
        """
        lease = self._leases.get(image)
        if lease is None or lease.holder != reviewer.lease:
            return False
        self.take(reviewer, lease.shown)
        return True

    def release(self, reviewer: Reviewer, image: int) -> None:
        """End the lease of a page."""
        if self._holds(reviewer, image):
            self.end(image)

    def end(self, image: int) -> Next | None:
        """End a lease; return how the image was shown, None if there is no lease."""
        lease = self._leases.pop(image, None)
        return lease.shown if lease else None

    def shown(self, image: int) -> Next | None:
        """Return how an image was shown, None without a lease."""
        lease = self._leases.get(image)
        return lease.shown if lease else None

    def _holds(self, reviewer: Reviewer, image: int) -> bool:
        lease = self._leases.get(image)
        return lease is not None and lease.holder == reviewer.lease
