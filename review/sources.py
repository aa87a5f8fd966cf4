"""Describe what the application needs: a queue of images that wait, and their pictures."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from review.images import Answer, ImageKey, Reason, WaitingImage
from review.pictures import Picture
from review.reviewer import Reviewer


class Queue(Protocol):
    """Images that wait and their answers: `ReviewQueue` on AWS, `FolderQueue` on disk."""

    def claim(
        self, reviewer: Reviewer, count: int, held: Collection[ImageKey] = ()
    ) -> list[WaitingImage]:
        """Lease up to `count` images, none of those that the page holds already."""

    def claim_wall(
        self, reviewer: Reviewer, count: int, held: Collection[ImageKey] = ()
    ) -> list[WaitingImage]:
        """Lease up to `count` images that the model puts into one class, without audits."""

    def renew(self, reviewer: Reviewer, keys: Sequence[ImageKey]) -> list[ImageKey]:
        """Extend leases; return the images that the page still holds."""

    def release(self, reviewer: Reviewer, keys: Sequence[ImageKey]) -> None:
        """Give images back."""

    def answer(self, answer: Answer, reviewer: Reviewer) -> Reason | None:
        """Store an answer once; return why the image still waits, or None."""

    def undo(self, key: ImageKey, answer_id: str, reviewer: Reviewer) -> WaitingImage:
        """Take an answer back, and lease its image to the page again."""

    def known_waiting(self) -> Mapping[Reason, int]:
        """Return the numbers of images that wait, by reason, at once."""


class PictureSource(Protocol):
    """The pictures of the images that wait."""

    @property
    def place(self) -> str:
        """The bucket or the folder."""

    def read(self, key: ImageKey) -> Picture:
        """Read the picture of an image version."""
