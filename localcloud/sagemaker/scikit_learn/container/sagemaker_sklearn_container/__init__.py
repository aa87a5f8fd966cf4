"""Stand for the package of this name in AWS's image, which is not on PyPI.

The modules `training` and `serving` do what those of the image do. The modules `train_command` and
`serve_command` replace the commands that start them: a laptop has no host `algo-1` and no nginx.
"""

import collections
import collections.abc

# The image patches sagemaker_containers in the same way, in its Dockerfile.
collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]
