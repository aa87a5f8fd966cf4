"""A reviewer who knows the right answers, and whose key presses count.

The class in the name of an image is its right answer.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.review_page.application import Storage
from tests.review_page.tab import Tab

PREDICTED = {
    "truck": {"truck": 0.6, "automobile": 0.4},
    "automobile": {"truck": 0.3, "automobile": 0.7},
}
KEYS = {"automobile": "1", "truck": "2"}


def add(
    storage: Storage,
    photos: list[bytes],
    count: int,
    exceptions: Iterable[int] = (),
    predicted: str = "truck",
) -> None:
    """Have images wait that the model puts into one class, wrongly for the exceptions."""
    [other] = {*PREDICTED} - {predicted}
    wrong = {*exceptions}

    def add_one(number: int) -> None:
        name = f"{number:03}-{other if number in wrong else predicted}.webp"
        photo = photos[number % len(photos)]
        storage.add(number, photo, classes=PREDICTED[predicted], name=name)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_one, range(count)))


def truth_of(name: str) -> str:
    return name.removesuffix(".webp").partition("-")[2]


@dataclass
class Hands:
    """A reviewer who knows the right answers, and whose key presses count."""

    tab: Tab
    presses: int = 0

    def press(self, key: str) -> None:
        """Press a key of the keyboard."""
        self.presses += 1
        self.tab.page.keyboard.press(key)

    def label_all(self, total: int) -> None:
        """Label images on walls, and alone where the page shows them so."""
        while self.tab.run("state.session.done") < total:
            self.tab.await_picture()
            if self.tab.page.is_visible("#wall"):
                self.label_wall()
            else:
                self.press(KEYS[truth_of(self.tab.name)])

    def label_wall(self) -> None:
        """Mark the exceptions of a wall, and settle the rest."""
        self.tab.await_wall()
        question = self.tab.page.inner_text("#question")
        for name, key in self.tab.tiles:
            if f"“{truth_of(name)}”" not in question:
                self.press(key)
        self.press("Enter")


def decisions(storage: Storage) -> dict[str, dict[str, Any]]:
    """Return the stored answers by image, without what differs between two people."""
    own = {"answer", "version", "image_url", "answered_at", "seconds"}
    return {
        item["image_url"]["S"].rpartition("/")[2]: {
            name: value for name, value in item.items() if name not in own
        }
        for item in storage.stored()
    }
