"""Receive the announcements of the service as any subscriber would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from localcloud.server.cloud import Cloud
from tests.soak.cloud_state import Identity
from tests.soak.subscription import Subscription, subscription

_DECIDED = {"source": ["scones-unlimited"], "detail-type": ["Image Decided"]}


@dataclass(frozen=True)
class Announcement:
    """One "Image Decided" event: the result, and the ARN of its execution."""

    result: dict[str, Any]
    execution: str

    @property
    def identity(self) -> Identity:
        """Return image URL and version."""
        return self.result["image_url"], self.result["version"]


@dataclass
class Announcements:
    """The received events in their order; a thread appends to them."""

    heard: list[Announcement] = field(default_factory=list)
    decided: set[Identity] = field(default_factory=set)

    def take(self, event: dict[str, Any]) -> None:
        """Note an event as EventBridge delivers it."""
        announcement = Announcement(event["detail"], event["resources"][0])
        self.heard.append(announcement)
        self.decided.add(announcement.identity)


@contextmanager
def announcements(cloud: Cloud) -> Iterator[Announcements]:
    """Receive every announcement during the block, including the last."""
    with subscription(cloud, "soak-announcements", _DECIDED) as subscribed:
        heard, over = Announcements(), Event()
        listener = Thread(target=_listen, args=(subscribed, heard, over), name="announcements")
        listener.start()
        try:
            yield heard
        finally:
            over.set()
            listener.join()


def _listen(subscribed: Subscription, heard: Announcements, over: Event) -> None:
    while True:
        last_look = over.is_set()
        events = subscribed.receive()
        for event in events:
            heard.take(event)
        if last_look and not events:
            return
