"""The one container image there is here: the image-classification algorithm of SageMaker, whatever its account."""

import re

from localcloud.sagemaker.api.protocol import NotEmulatedError

_ALGORITHM = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/image-classification:1")


def require_algorithm(image: str) -> None:
    """Return if the image is the algorithm's.

    Raises:
        NotEmulatedError: it is another one. The algorithm would answer in its place, and wrongly.
    """
    if not _ALGORITHM.fullmatch(image):
        raise NotEmulatedError(
            f"The image {image} is not emulated by the local SageMaker, which runs the image-classification algorithm "
            "only: <account>.dkr.ecr.<region>.amazonaws.com/image-classification:1."
        )
