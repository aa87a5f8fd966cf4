"""The class names of a model card, where they do not fit into the card's SSM parameter.

`scones deploy` compresses them, divides them among parameters below the card, and writes their
digest into the card and into the names of the parameters: a list never changes.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MEMBER = "class_list"  # of a model card
MAX_PARAMETERS = 10  # names in one GetParameters request
MAX_TEXT_BYTES = 1 << 20  # of a list; thousands of names take a tenth of it
_HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class ClassListPlace:
    """Where a list of classes is: the SHA-256 digest of its text, and its number of parameters."""

    digest: str
    parameters: int

    @classmethod
    def of(cls, member: Any) -> "ClassListPlace":
        """Read the member of a model card.

        Raises:
            ValueError: The member does not name a list.
        """
        found = member if isinstance(member, dict) else {}
        digest, parameters = found.get("sha256"), found.get("parameters")
        is_digest = isinstance(digest, str) and len(digest) == 64 and set(digest) <= _HEXADECIMAL
        is_count = isinstance(parameters, int) and 1 <= parameters <= MAX_PARAMETERS
        if not is_digest or not is_count:
            raise ValueError(f"The model card names no list of classes: {member!r:.200}")
        return cls(str(digest), int(str(parameters)))

    def names(self, card: str) -> list[str]:
        """Return the names of its parameters, in order, below the parameter of the card."""
        return [f"{card}/classes/{self.digest}/{number}" for number in range(self.parameters)]

    def members(self, parts: Iterable[str]) -> Mapping[str, Any]:
        """Return the members that the list adds to the card: labels, and maybe class_thresholds.

        Args:
            parts: The values of the parameters, in order.

        Raises:
            ValueError: The parts are damaged, or have another digest.
        """
        try:
            packed = base64.b64decode("".join(parts), validate=True)
            text = zlib.decompressobj().decompress(packed, MAX_TEXT_BYTES)
        except (ValueError, zlib.error) as exc:
            raise ValueError(f"The list of classes is damaged: {exc}.") from exc
        found = hashlib.sha256(text).hexdigest()
        if found != self.digest:
            raise ValueError(
                f"The list of classes has the digest {found}, and the model card names "
                f"{self.digest}."
            )
        return _named(json.loads(text))


def _named(members: dict[str, Any]) -> dict[str, Any]:
    """Name the class of each threshold, which the list numbers."""
    if thresholds := members.get("class_thresholds"):
        labels = members["labels"]
        members["class_thresholds"] = {labels[place]: own for place, own in thresholds}
    return members
