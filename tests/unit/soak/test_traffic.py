"""Limit the number of undecided uploads."""

from pathlib import Path
from typing import Any

from examples.demo.uploads import Sample
from tests.soak.announcements import Announcements
from tests.soak.plan import Planned
from tests.soak.traffic import send
from tests.unit.conforming import conforming


class FakeS3:
    """Decide uploads in batches of 8; the event of the first upload is delayed."""

    def __init__(self, announced: Announcements) -> None:
        self.announced = announced
        self.undecided: set[tuple[str, str]] = set()
        self.most_undecided = 0
        self.keys: list[str] = []

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> dict[str, Any]:  # noqa: N803
        self.keys.append(Key)
        self.undecided.add((f"s3://{Bucket}/{Key}", "v"))
        self.most_undecided = max(self.most_undecided, len(self.undecided))
        if len(self.undecided) >= 8:
            self.announced.decided |= self.undecided
            self.undecided = set()
        return {"VersionId": "v"}


def uploads(folder: Path, count: int) -> list[Planned]:
    path = folder / "a.png"
    path.write_bytes(b"image")
    return [Planned(f"{number:02}", Sample(path, "a.png", "truck")) for number in range(count)]


def test_all_uploads_are_sent_and_returned_as_s3_confirms_them(tmp_path: Path) -> None:
    announced = Announcements()
    s3 = conforming(FakeS3(announced), "s3")
    sent = send(s3, "images", uploads(tmp_path, 40), announced, lead=8)
    assert {(f"s3://images/uploads/{n:02}", "v") for n in range(40)} == {
        upload.identity for upload in sent
    }


def test_uploads_are_never_far_ahead_of_the_decisions(tmp_path: Path) -> None:
    announced = Announcements()
    s3 = conforming(FakeS3(announced), "s3")
    send(s3, "images", uploads(tmp_path, 40), announced, lead=8)
    assert 8 >= s3.most_undecided
