"""Save, load and pack a trained model (head.npz, model.json, model.tar.gz)."""

import gzip
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from algorithm.arrays import InvalidArraysError, load_arrays
from algorithm.backbone import FEATURES, Backbone, load_backbone
from algorithm.errors import AlgorithmError
from algorithm.head import Head
from algorithm.packages import CODE
from untrusted.archive import MODEL, UnsafeArchiveError
from untrusted.tar import tar_gz_files

FILES = ("model.json", "head.npz")
_ALGORITHMS = {False: "image-classification", True: "transfer-learning"}  # by script mode


class InvalidModelError(AlgorithmError):
    """The model is not one that this algorithm wrote."""


class BackboneMismatchError(AlgorithmError):
    """The model was trained on another backbone than the one installed: train it again."""


@dataclass(frozen=True, slots=True)
class Model:
    """The backbone, a head for it, and the description in model.json."""

    backbone: Backbone
    head: Head
    description: Mapping[str, Any]

    def classify(self, image: bytes) -> list[float]:
        """Return the class probabilities of an encoded image, in class index order.

        Raises:
            UndecodableImageError: the image is not a readable JPEG or PNG file.
        """
        features = self.backbone.features(image)
        return [float(p) for p in self.head.probabilities(features)]


def save(folder: Path, head: Head, description: Mapping[str, Any]) -> None:
    """Write head.npz and model.json into an existing folder."""
    np.savez(folder / "head.npz", weights=head.weights, bias=head.bias)
    (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> Model:
    """Return the model in a folder.

    Raises:
        InvalidModelError: the model is not one that this algorithm wrote.
        BackboneMismatchError: the model was trained on another backbone.
        BackboneFileError: the installed backbone is damaged.
    """
    try:
        files = {name: (folder / name).read_bytes() for name in FILES}
    except OSError as error:
        raise InvalidModelError(str(error)) from error
    return _read(files)


def load_archive(archive: Path, *, in_script_mode: bool = False) -> Model:
    """Return the model in a model.tar.gz.

    A model of script mode brings its code along. A model of the built-in algorithm does not.

    Raises:
        InvalidModelError: the model is not one that this algorithm wrote, in this mode.
        BackboneMismatchError: the model was trained on another backbone.
        BackboneFileError: the installed backbone is damaged.
    """
    files: dict[str, bytes] = {}
    brings_code = False
    try:
        with archive.open("rb") as packed:
            for member in tar_gz_files(packed, MODEL):
                brings_code |= member.path.parts[0] == CODE
                if str(member.path) in FILES:
                    files[str(member.path)] = member.content()
    except (OSError, UnsafeArchiveError) as error:
        raise InvalidModelError(f"{archive.name}: {error}") from error
    if brings_code != in_script_mode:
        raise InvalidModelError(
            f"{archive.name} is of the algorithm {_ALGORITHMS[brings_code]}, and the job of "
            f"{_ALGORITHMS[in_script_mode]}: continue from a model of the same algorithm"
        )
    if missing := [name for name in FILES if name not in files]:
        raise InvalidModelError(f"{archive.name}: {' and '.join(missing)} not found")
    return _read(files)


def _read(files: Mapping[str, bytes]) -> Model:
    """Return the model from the contents of its files.

    Raises:
        InvalidModelError: the model is not one that this algorithm wrote.
        BackboneMismatchError: the model was trained on another backbone.
        BackboneFileError: the installed backbone is damaged.
    """
    try:
        description = json.loads(files["model.json"])
        trained_on, classes = description["backbone"]["sha256"], description["num_classes"]
        arrays = load_arrays(BytesIO(files["head.npz"]), "weights", "bias")
        head = Head(arrays["weights"], arrays["bias"])
    except (ValueError, KeyError, TypeError, InvalidArraysError) as error:
        raise InvalidModelError(str(error)) from error
    if (head.weights.shape, head.bias.shape) != ((FEATURES, classes), (classes,)):
        raise InvalidModelError(
            f"weights {head.weights.shape}, bias {head.bias.shape}, {classes} classes"
        )
    backbone = load_backbone()
    if trained_on != backbone.sha256:
        raise BackboneMismatchError(f"sha256 {trained_on} instead of {backbone.sha256}")
    return Model(backbone, head, description)


def pack(folder: Path, archive: Path) -> Path:
    """Pack a folder as model.tar.gz and return its path. The same files give the same bytes."""

    def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime = member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name, filter=anonymous)
    return archive
