"""Place waiting images by the embeddings in their records, without reading their pictures."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from functions.classify_image.embedding import unpacked
from review.images import ImageKey, WaitingImage
from review.order.selection import Floats, unit_rows


def embedding_points(window: Sequence[WaitingImage]) -> Mapping[ImageKey, Floats]:
    """Return the points (64,) of the images whose embeddings are of the most frequent space.

    Embeddings of different spaces have no common distance. If less than half of the images have an
    embedding of one space, as after a change from the built-in algorithm, return no point.
    """
    found = {image.key: known for image in window if (known := _embedding(image))}
    [(most, count)] = Counter(space for space, _ in found.values()).most_common(1) or [("", 0)]
    if not count or 2 * count < len(window):
        return {}
    of_space = {key: numbers for key, (space, numbers) in found.items() if space == most}
    rows = unit_rows(np.array([*of_space.values()], dtype=np.float32))
    return dict(zip(of_space, rows, strict=True))


def _embedding(image: WaitingImage) -> tuple[str, list[float]] | None:
    """Return the space and the numbers of an image's embedding; None without a valid one."""
    try:
        return unpacked(image.embedding) if image.embedding else None
    except ValueError:
        return None
