"""Look up the image of SageMaker's built-in algorithm: no free call of AWS confirms it."""

import warnings
from collections.abc import Iterator

from operations.check.answers import Outcome, Row

CHECK = "image"
ALGORITHM = "image-classification"


def check_image(region: str) -> Iterator[Row]:
    """Look the image up in the lists of the SageMaker SDK, which is slow to import."""
    with warnings.catch_warnings(
        action="ignore",
    ):  # invalid escapes in the SDK's docstrings, at its first import
        from sagemaker.core import image_uris  # type: ignore[import-untyped]

    try:
        uri = str(image_uris.retrieve(ALGORITHM, region))
    except (KeyError, ValueError) as exc:
        message = f"The SageMaker SDK lists no image for {region}. Choose another region. ({exc})"
        yield Row(CHECK, ALGORITHM, Outcome.REFUSED, message)
    else:
        yield Row(CHECK, ALGORITHM, Outcome.LOOKED_UP, uri)
