"""Who answers."""

from dataclasses import dataclass
from datetime import timedelta

LEASE = timedelta(minutes=10)  # renewed by the page; longer than anybody looks at one image


@dataclass(frozen=True)
class Reviewer:
    """Who answers, and from which page: two pages of one reviewer get different images."""

    name: str
    page: str

    @property
    def lease(self) -> str:
        """The holder of this page's leases."""
        return f"{self.name}#{self.page}"
