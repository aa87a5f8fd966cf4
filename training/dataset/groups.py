"""Keep images that belong together in one split: near-duplicates, and images of one group.

A model that has seen a photo recognizes the same photo in another size or format. In two splits,
such images make a test look better than the model is.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from training.dataset.dataset import SPLITS
from training.dataset.motifs import Motifs
from training.dataset.preparation import PreparedImage
from training.dataset.selection import NEAR_DUPLICATE, LeftOut

# Half of the bits of a photo's hash are ones. An even surface has at most one, and says nothing.
_FEWEST_ONES = 16


def with_groups(images: Sequence[PreparedImage], motifs: bool = True) -> list[PreparedImage]:
    """Return the images with one name of the group for all images that belong together.

    Args:
        images: Images of different contents; a group is the source's own, or empty.
        motifs: Whether near-duplicates belong together.
    """
    groups = _Groups()
    for image in images:
        if image.group:
            groups.join(image.digest, f"group {image.group}")
    for one, other in _near_duplicates(images) if motifs else ():
        groups.join(one.digest, other.digest)
    return [replace(image, group=groups.name(image.digest)) for image in images]


def without_leaks(images: Sequence[PreparedImage]) -> tuple[list[PreparedImage], list[LeftOut]]:
    """Leave out images whose group is also in a split that is further from training.

    Only a source with splits has such images.
    """
    furthest: dict[str, PreparedImage] = {}
    for image in images:
        known = furthest.setdefault(image.group, image)
        if SPLITS.index(image.split) > SPLITS.index(known.split):
            furthest[image.group] = image

    clean: list[PreparedImage] = []
    left_out: list[LeftOut] = []
    for image in images:
        other = furthest[image.group]
        if other.split == image.split:
            clean.append(image)
        else:
            why = f"in one group with {other.path} in {other.split}"
            left_out.append(LeftOut(image.path, NEAR_DUPLICATE, why))
    return clean, left_out


def members(images: Iterable[PreparedImage]) -> list[list[PreparedImage]]:
    """Return the images of each group, in the order of their first images."""
    found: defaultdict[str, list[PreparedImage]] = defaultdict(list)
    for image in images:
        found[image.group or image.digest].append(image)
    return list(found.values())


def _near_duplicates(
    images: Sequence[PreparedImage],
) -> Iterable[tuple[PreparedImage, PreparedImage]]:
    """Yield pairs of one motif that connect all images of the motif."""
    motifs = Motifs()
    first_of: dict[str, PreparedImage] = {}  # by hash: thousands of images may have one
    for image in images:
        if not image.image_hash or int(image.image_hash, 16).bit_count() < _FEWEST_ONES:
            continue
        if known := first_of.get(image.image_hash):
            yield image, known
            continue
        first_of[image.image_hash] = image
        for other in motifs.near(image):
            yield image, other
        motifs.add(image)


class _Groups:
    """Names that belong together, directly or through others (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def name(self, one: str) -> str:
        """Return the name that stands for the group."""
        while (parent := self._parents.get(one, one)) != one:
            self._parents[one] = self._parents.get(parent, parent)
            one = parent
        return one

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.name(one), self.name(other)))
        self._parents[second] = first
