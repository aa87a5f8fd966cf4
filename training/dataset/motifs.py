"""Find images of the same motif by their perceptual hashes, without comparing all pairs."""

from collections import defaultdict

from functions.serialize_image.perceptual_hash import SAME_MOTIF_BITS, hamming_distance
from training.dataset.preparation import PreparedImage

_BITS = 64
# Two hashes that differ in at most SAME_MOTIF_BITS bits are equal in one of these parts.
_PARTS = SAME_MOTIF_BITS + 1
_WIDTH = -(-_BITS // _PARTS)


class Motifs:
    """Images by motif. Images without a perceptual hash have no near-duplicates."""

    def __init__(self) -> None:
        """Start without images."""
        self._images: list[PreparedImage] = []
        self._by_part: defaultdict[tuple[int, int], list[int]] = defaultdict(list)

    def add(self, image: PreparedImage) -> None:
        """Add an image."""
        for part in _parts(image.image_hash):
            self._by_part[part].append(len(self._images))
        self._images.append(image)

    def near(self, image: PreparedImage) -> list[PreparedImage]:
        """Return the added images of the same motif in the order of their addition."""
        places = {
            place
            for part in _parts(image.image_hash)
            for place in self._by_part.get(part, ())
            if hamming_distance(image.image_hash, self._images[place].image_hash) <= SAME_MOTIF_BITS
        }
        return [self._images[place] for place in sorted(places)]


def _parts(image_hash: str) -> list[tuple[int, int]]:
    if not image_hash:
        return []
    bits = int(image_hash, 16)
    mask = (1 << _WIDTH) - 1
    return [(part, bits >> part * _WIDTH & mask) for part in range(_PARTS)]
