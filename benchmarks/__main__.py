"""Run all measurements one after the other.

The local cloud must be running with the demo's service on it.
"""

from benchmarks import (
    backlog,
    bad_images,
    function_start,
    image_preparation,
    staging,
    workflow_latency,
)
from localcloud.server.cloud import Cloud, require
from localcloud.server.settings import Folder
from untrusted.terminal import say

say(*image_preparation.measure())
say(*bad_images.measure())
say(*function_start.measure())
say(*staging.measure())
cloud = Cloud(require(Folder()).url)
say(*workflow_latency.measure(cloud))
say(*backlog.measure(cloud))
