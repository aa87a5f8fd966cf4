"""Join reviewed images with the splits of the source, and keep calibration and test clean.

The source's splits are drawn first and do not depend on the reviews, so every image stays in its
split when more reviews arrive. Then one rule holds: no content is in two splits, and no motif of a
reviewed image is. Where two images meet, the audit stays, because a sample that loses images by
their content is no longer random. Next comes the image of the source, and last the uncertain image.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from training.dataset.dataset import CALIBRATION, SPLITS, TEST
from training.dataset.motifs import Motifs
from training.dataset.preparation import PreparedImage
from training.dataset.selection import (
    CONTRADICTION,
    DUPLICATE,
    NEAR_DUPLICATE,
    LeftOut,
    rank,
)
from training.dataset.source import Reason
from training.dataset.split import Splits, require_every_class

# Of the splits that lack a class.
_WITH_AUDITS_ONLY = "of audits. Label more audits of this class, or stage without --audits-only"
_WITH_REVIEWS = "of the source that is not also an audit in another split"
NOT_AUDITED = "not an audit"


def join_reviews(
    source: Splits, reviewed: Sequence[PreparedImage], seed: int, audits_only: bool = False
) -> tuple[Splits, list[LeftOut]]:
    """Return the splits with the reviewed images, and the images that are left out.

    Args:
        source: The splits of the source.
        reviewed: Reviewed images in the order of their answers; audits have their split.
        seed: Seed of the order of the images in a split.
        audits_only: Whether calibration and test have audits alone.

    Raises:
        TooFewImagesError: A class has no image in one of the splits.
    """
    joined = _Joined()
    audits = [image for image in reviewed if image.reason == Reason.AUDIT]
    uncertain = [image for image in reviewed if image.reason == Reason.REVIEW]
    of_source = [image for split in SPLITS for image in source.images[split]]
    if audits_only:
        of_source = joined.without_held_out(of_source)

    audits = joined.without_contradictions(audits)
    audited = {image.digest for image in audits}
    others = [*of_source, *uncertain]
    known = joined.without_contradictions([one for one in others if one.digest not in audited])
    agreeing = {image.digest for image in known} | audited

    joined.add_audits(audits)
    for images in (of_source, uncertain):
        joined.add_unaudited([image for image in images if image.digest in agreeing])

    ordered = sorted(joined.images.values(), key=lambda image: rank(seed, image.digest))
    splits = Splits(
        source.labels, {split: [one for one in ordered if one.split == split] for split in SPLITS}
    )
    require_every_class(splits, _WITH_AUDITS_ONLY if audits_only else _WITH_REVIEWS)
    return splits, joined.left_out


@dataclass
class _Joined:
    """Images of the dataset by content, and the images that are left out."""

    images: dict[str, PreparedImage] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    motifs: Motifs = field(default_factory=Motifs)
    disputed: set[str] = field(default_factory=set)  # contents that have several labels

    def without_held_out(self, of_source: Sequence[PreparedImage]) -> list[PreparedImage]:
        """Leave out calibration and test images of the source."""
        for image in of_source:
            if image.split in (CALIBRATION, TEST):
                self._leave_out(image, NOT_AUDITED, f"in {image.split} without --audits-only")
        return [image for image in of_source if image.split not in (CALIBRATION, TEST)]

    def without_contradictions(self, images: Sequence[PreparedImage]) -> list[PreparedImage]:
        """Leave out all images whose content has several labels."""
        by_content: defaultdict[str, list[PreparedImage]] = defaultdict(list)
        for image in images:
            by_content[image.digest].append(image)

        for digest, same in by_content.items():
            if digest in self.disputed or len({image.label for image in same}) > 1:
                self.disputed.add(digest)
                named = ", ".join(f"{image.label} ({image.path})" for image in same)
                for image in same:
                    self._leave_out(image, CONTRADICTION, f"labelled {named}")
        return [image for image in images if image.digest not in self.disputed]

    def add_audits(self, audits: Sequence[PreparedImage]) -> None:
        """Add audits. A near-duplicate of an earlier audit gets the split of that audit."""
        for image in audits:
            if image.digest in self.images:
                self._leave_out_duplicate(image)
                continue
            alike = self.motifs.near(image)
            placed = replace(image, split=alike[0].split) if alike else image
            self.images[image.digest] = placed
            self.motifs.add(placed)

    def add_unaudited(self, images: Sequence[PreparedImage]) -> None:
        """Add images that are neither duplicates, nor near-duplicates in another split.

        Images that are added together are not compared with each other for near-duplicates.
        """
        added = []
        for image in images:
            elsewhere = [one for one in self.motifs.near(image) if one.split != image.split]
            if image.digest in self.images:
                self._leave_out_duplicate(image)
            elif elsewhere:
                why = f"almost the same as {elsewhere[0].path} in {elsewhere[0].split}"
                self._leave_out(image, NEAR_DUPLICATE, why)
            else:
                self.images[image.digest] = image
                added.append(image)
        for image in added:
            self.motifs.add(image)

    def _leave_out_duplicate(self, image: PreparedImage) -> None:
        same = self.images[image.digest]
        reason = DUPLICATE if same.label == image.label else CONTRADICTION
        self._leave_out(image, reason, f"the same as {same.path}, labelled {same.label}")

    def _leave_out(self, image: PreparedImage, reason: str, why: str) -> None:
        self.left_out.append(LeftOut(image.path, reason, why))
