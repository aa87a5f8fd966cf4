"""Draw a random share of all classified images for an audit, in which people label them.

Each image version is drawn with the same known probability, independently of its outcome. Therefore
the drawn images are a random sample: their labels calibrate and test thresholds both above and
below the present threshold. The draw depends only on the image version and a salt, so a repeated
execution draws the same images.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HASH_BYTES = 8
_FLOAT_BITS = 53  # a float holds no more, so that the largest number stays below 1


class InvalidAuditShareError(Exception):
    """The audit share is not a number from 0 to 1."""


class InvalidImageVersionError(Exception):
    """The request does not name the image version that an audit draws."""


@dataclass(frozen=True)
class Audit:
    """The result of a draw, and the probability of being drawn, from 0 to 1."""

    drawn: bool
    probability: float


def draw(request: Mapping[str, Any], share: str, salt: str) -> Audit:
    """Draw an image version for an audit, or not.

    Args:
        request: `image_url` and `version` name the image version.
        share: Probability of the draw, from 0 to 1, as an environment variable holds it.
        salt: Text that keeps people who choose file names from choosing the draw.

    Raises:
        InvalidAuditShareError: The share is not a number from 0 to 1.
        InvalidImageVersionError: `image_url` or `version` is missing or not a text.
    """
    probability = _share(share)
    image_url, version = request.get("image_url"), request.get("version")

    for part in (image_url, version):
        if not isinstance(part, str) or not part:
            raise InvalidImageVersionError(
                "An audit needs the texts image_url and version; "
                f"received: {image_url!r:.100} and {version!r:.100}"
            )

    drawn = _uniform(f"{salt}\n{image_url}\n{version}") < probability
    return Audit(drawn, probability)


def _uniform(text: str) -> float:
    """Return a number from 0 to below 1, the same for equal texts.

    The numbers of different texts are uniformly distributed.
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(digest[:_HASH_BYTES]) >> (8 * _HASH_BYTES - _FLOAT_BITS)
    return number / float(1 << _FLOAT_BITS)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0

    if not 0 <= share <= 1:
        raise InvalidAuditShareError(f"AUDIT_SHARE is a number from 0 to 1, not {text!r:.100}.")
    return share
