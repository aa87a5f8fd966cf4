"""A trained model: on disk (head.npz, model.json), as model.tar.gz, and at work."""

import gzip
import json
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from local.algorithm.backbone import FEATURES, Backbone, load_backbone
from local.algorithm.errors import AlgorithmError
from local.algorithm.head import Head

FILES = ("head.npz", "model.json")


class InvalidModelError(AlgorithmError):
    """The model is not one that this algorithm wrote."""


class BackboneMismatchError(AlgorithmError):
    """The model was trained on another backbone than the one installed: train it again."""


@dataclass(frozen=True, slots=True)
class Model:
    """The backbone, a head for it, and the description that model.json holds."""

    backbone: Backbone
    head: Head
    description: Mapping[str, Any]

    def classify(self, image: bytes) -> list[float]:
        """Class probabilities of an encoded image, in class index order. Raises UndecodableImageError."""
        features = self.backbone.features(image)
        return [float(p) for p in self.head.probabilities(features)]


def save(folder: Path, head: Head, description: Mapping[str, Any]) -> None:
    """Write head.npz and model.json into a folder that exists."""
    np.savez(folder / "head.npz", weights=head.weights, bias=head.bias)
    (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> Model:
    """The model in a folder. Raises InvalidModelError, BackboneMismatchError or BackboneFileError."""
    try:
        description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        trained_on, classes = description["backbone"]["sha256"], description["num_classes"]
        with (folder / "head.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            head = Head(arrays["weights"], arrays["bias"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidModelError(str(error)) from error
    if (head.weights.shape, head.bias.shape) != ((FEATURES, classes), (classes,)):
        raise InvalidModelError(f"weights {head.weights.shape}, bias {head.bias.shape}, {classes} classes")
    backbone = load_backbone()
    if trained_on != backbone.sha256:
        raise BackboneMismatchError(f"sha256 {trained_on} instead of {backbone.sha256}")
    return Model(backbone, head, description)


def load_archive(archive: Path) -> Model:
    """The model in a model.tar.gz. Raises InvalidModelError, BackboneMismatchError or BackboneFileError."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(archive, "r:gz") as tar:
                for name in FILES:
                    tar.extract(name, folder, filter="data")
        except (OSError, KeyError, EOFError, tarfile.TarError, zlib.error) as error:
            raise InvalidModelError(f"{archive.name}: {error}") from error
        return load(Path(folder))


def pack(folder: Path, archive: Path) -> Path:
    """Write the folder's files as model.tar.gz; the same files always give the same bytes. Returns the archive."""

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
