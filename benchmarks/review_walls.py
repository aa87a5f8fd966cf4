"""Count the key presses of a reviewer who labels images on walls, in Chromium.

The reviewer knows the right answers. 5 % of the predictions are wrong, at random places. The same
images are labelled one by one too, and both must store the same answers.
"""

import random
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.server.cloud import Cloud
from tests.review_page.application import Application, Storage
from tests.review_page.browser import chromium
from tests.review_page.hands import KEYS, Hands, add, decisions, truth_of
from tests.review_page.tab import Tab

IMAGES = 240  # 10 walls
WRONG = 0.05  # share of predictions
SEED = 0
LIMIT = 0.3  # key presses an image


@dataclass
class CountingHands(Hands):
    """A reviewer whose presses count for each wall, with the exceptions after it."""

    by_wall: list[int] = field(default_factory=list)

    def label_wall(self) -> None:
        """Label a wall."""
        self.by_wall.append(0)
        super().label_wall()

    def press(self, key: str) -> None:
        """Press a key."""
        self.by_wall[-1] += 1
        super().press(key)


def walls(cloud: Cloud, folder: Path, photos: list[bytes]) -> list[str]:
    """Return the key presses an image with their interval, and whether the answers are equal."""
    exceptions = random.Random(SEED).sample(range(IMAGES), round(IMAGES * WRONG))  # noqa: S311
    stored = {}
    presses: list[int] = []

    with chromium() as browser:
        for mode in ("walls", "single"):
            storage = Storage(cloud, mode).create()
            add(storage, photos, IMAGES, exceptions)
            application = Application(storage, folder).start()
            try:
                tab = Tab(browser.new_page(viewport={"width": 1280, "height": 800}))
                tab.open(application.address)
                if mode == "walls":
                    tab.page.keyboard.press("m")
                    hands = CountingHands(tab)
                    hands.label_all(IMAGES)
                    presses = hands.by_wall
                    presses[0] += 1  # the key that opened the first wall
                else:
                    for _ in range(IMAGES):
                        tab.await_picture()
                        tab.press(KEYS[truth_of(tab.name)])
                tab.await_sent()
            finally:
                application.kill()
            stored[mode] = decisions(storage)

    return _lines(presses, equal=stored["walls"] == stored["single"])


def _lines(presses: list[int], *, equal: bool) -> list[str]:
    images = IMAGES / len(presses)
    each = [count / images for count in presses]
    spread = 1.96 * statistics.stdev(each) / len(each) ** 0.5
    mean = sum(presses) / IMAGES
    return [
        f"wall: {mean:.3f} key presses an image (95 % {mean - spread:.3f} to {mean + spread:.3f}; "
        f"limit {LIMIT}), n = {IMAGES} images on {len(presses)} walls, {WRONG:.0%} wrong",
        f"  answers equal to those of single mode: {'yes' if equal else 'NO'}",
    ]
