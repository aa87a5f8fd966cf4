"""Every reader of archives refuses every hostile archive, and writes nothing."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from algorithm import arrays, model
from localcloud.lambda_runtime.code_store import CodeStore
from localcloud.sagemaker.hosting import artifacts
from training.dataset import cifar
from training.models import model_card
from untrusted.archive import UnsafeArchiveError
from untrusted.tests import hostile_tars, hostile_zips
from untrusted.tests.folder_tree import tree

TAR_TRICKS = sorted(hostile_tars.hostile(Path("/sandbox")))
ZIP_TRICKS = sorted(hostile_zips.hostile(Path("/sandbox")))


class OneObject:
    """S3 with one object."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.content)}


def inspect(archive: bytes, _: Path) -> None:
    s3: Any = OneObject(archive)
    model_card.inspect_archive(s3, "s3://models/model.tar.gz")


def host(archive: bytes, place: Path) -> None:
    artifacts.unpack(archive, place / "model")


def in_file[T](read: Callable[[Path], T]) -> Callable[[bytes, Path], None]:
    """The reader of a file, given its bytes; the file is gone afterwards."""

    def from_bytes(archive: bytes, place: Path) -> None:
        file = place / "archive.tar.gz"
        file.write_bytes(archive)
        try:
            read(file)
        finally:
            file.unlink()

    return from_bytes


TAR_READERS: dict[str, tuple[Callable[[bytes, Path], None], type[Exception]]] = {
    "hosting": (host, artifacts.BadArtifactError),
    "model card": (inspect, model_card.BadModelArchiveError),
    "algorithm": (in_file(model.load_archive), model.InvalidModelError),
    "CIFAR": (in_file(lambda path: cifar.read_cifar(path, ())), cifar.NoCifarArchiveError),
}


@pytest.mark.parametrize("trick", TAR_TRICKS)
def test_every_reader_of_tar_refuses_a_hostile_archive_and_writes_nothing(
    trick: str, sandbox: Path
) -> None:
    archive, before = hostile_tars.hostile(sandbox)[trick], tree(sandbox)
    for reader, (read, error) in TAR_READERS.items():
        with pytest.raises(error) as refused:
            read(archive, sandbox / "place")
        assert isinstance(refused.value.__cause__, UnsafeArchiveError), f"{reader}: {refused.value}"
        assert before == tree(sandbox), reader


@pytest.mark.parametrize("trick", ZIP_TRICKS)
def test_every_reader_of_zip_refuses_a_hostile_archive_and_writes_nothing(
    trick: str, sandbox: Path
) -> None:
    archive = hostile_zips.hostile(sandbox)[trick]
    store = CodeStore(sandbox / "place/code")
    (sandbox / "place/code").mkdir(exist_ok=True)
    before = tree(sandbox)
    with pytest.raises(UnsafeArchiveError):
        store.folder([archive])
    with pytest.raises(arrays.InvalidArraysError):
        arrays.load_arrays(io.BytesIO(archive), "weights")
    assert before == tree(sandbox)
