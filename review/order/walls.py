"""Choose the images of a wall: images for review that the model puts into one class."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from review.images import Reason, WaitingImage

MOST_READ = 1000  # records: at most ten requests, even if every class is rare


def choose_wall(candidates: Iterable[WaitingImage], count: int) -> list[WaitingImage]:
    """Return up to `count` images of one predicted class.

    The class is the first that has `count` images, or the most frequent one among the first
    `MOST_READ` candidates. A wall shows the prediction, so an audit or a second opinion is never on
    it.

    Args:
        candidates: Images that the page may have, in the order in which people should label them.
    """
    by_class: dict[str, list[WaitingImage]] = defaultdict(list)
    for image in islice(candidates, MOST_READ):
        if image.reason != Reason.REVIEW or image.audit_drawn:
            continue
        alike = by_class[image.classification]
        alike.append(image)
        if len(alike) == count:
            return alike
    return max(by_class.values(), key=len, default=[])
