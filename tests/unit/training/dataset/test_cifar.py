"""The CIFAR archives."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.dataset.cifar import NoCifarArchiveError, is_cifar_folder, read_cifar
from training.dataset.source import Source, UnknownClassError


def write(folder: Path, name: str, content: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(pickle.dumps(content, protocol=4))


@pytest.fixture
def cifar10(tmp_path: Path) -> Path:
    """Two images a batch, a car and a truck; the first pixel says the batch."""
    folder = tmp_path / "cifar-10-batches-py"
    write(folder, "batches.meta", {b"label_names": [b"car", b"ship", b"truck"]})
    for number, name in enumerate(
        [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    ):
        data = np.zeros((2, 3072), np.uint8)
        data[:, [0, 1024, 2048]] = [number, 100 + number, 200 + number]
        write(folder, name, {b"data": data, b"labels": [0, 2]})
    return folder


@pytest.fixture
def cifar100(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar-100-python"
    write(
        folder,
        "meta",
        {b"fine_label_names": [b"apple", b"bicycle"], b"coarse_label_names": [b"things"]},
    )
    for name in ("train", "test"):
        batch = {
            b"data": np.zeros((2, 3072), np.uint8),
            b"fine_labels": [0, 1],
            b"coarse_labels": [0, 0],
        }
        write(folder, name, batch)
    return folder


def packed(folder: Path) -> Path:
    path = folder.with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name)
    return path


def paths_and_labels(source: Source) -> set[tuple[str, str]]:
    return {(image.label, image.split) for image in source.images}


def test_the_test_split_of_an_archive_is_kept(cifar10: Path) -> None:
    expected = {(label, split) for label in ("car", "truck") for split in ("train", "test")}
    assert expected == paths_and_labels(read_cifar(packed(cifar10), ()))


def test_an_unpacked_archive_is_the_same(cifar10: Path) -> None:
    assert (12, 12) == tuple(
        len(read_cifar(path, ()).images) for path in (cifar10, packed(cifar10))
    )


def test_only_the_wanted_classes_are_taken(cifar10: Path) -> None:
    found = read_cifar(cifar10, ("car",))
    assert ("car",) == found.classes
    assert 6 == len(found.images)
    assert ("ship", "truck") == found.left_alone


def test_an_image_has_its_pixels(cifar10: Path) -> None:
    with Image.open(io.BytesIO(read_cifar(cifar10, ()).images[-1].read())) as image:
        assert (32, 32) == image.size
        assert (5, 105, 205) == image.getpixel((0, 0))
        assert (0, 0, 0) == image.getpixel((1, 0))


def test_cifar_100_has_its_fine_classes(cifar100: Path) -> None:
    assert ("apple", "bicycle") == read_cifar(packed(cifar100), ()).classes


def test_an_unpacked_archive_is_recognised(cifar100: Path, tmp_path: Path) -> None:
    assert is_cifar_folder(cifar100)
    assert not is_cifar_folder(tmp_path)


def test_class_that_cifar_lacks_is_an_error(cifar10: Path) -> None:
    with pytest.raises(
        UnknownClassError, match=r"not have the class scone. It has car, ship, truck"
    ):
        read_cifar(cifar10, ("car", "scone"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "batches.meta").unlink(),
        lambda folder: (folder / "data_batch_3").unlink(),
        lambda folder: write(
            folder, "data_batch_3", {b"data": np.zeros((1, 3072), np.uint8), b"labels": [0, 2]}
        ),
        lambda folder: write(
            folder, "data_batch_3", {b"data": np.zeros((1, 3072), np.uint8), b"labels": [9]}
        ),
        lambda folder: write(folder, "data_batch_3", [1]),
        lambda folder: write(folder, "data_batch_3", io.BytesIO()),
        lambda folder: (folder / "test_batch").write_bytes(b"damaged"),
    ],
    ids=[
        "no names",
        "no batch",
        "too few rows",
        "unknown label",
        "no dictionary",
        "foreign class",
        "damaged",
    ],
)
def test_something_else_is_no_cifar_archive(cifar10: Path, damage: object) -> None:
    damage(cifar10)  # type: ignore[operator]
    with pytest.raises(NoCifarArchiveError, match="not an archive of CIFAR-10 or CIFAR-100"):
        read_cifar(packed(cifar10), ())


@pytest.mark.parametrize("share", [0, 0.5])
def test_truncated_archive_is_an_error(cifar10: Path, share: float) -> None:
    path = packed(cifar10)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(NoCifarArchiveError):
        read_cifar(path, ())
