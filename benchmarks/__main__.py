"""Every measurement, one after the other; the local cloud must be up with the demo's service on it."""

from benchmarks import backlog, bad_images, function_start, image_preparation, staging, workflow_latency
from local.server.cloud import Cloud, require
from local.server.settings import Folder

print("\n".join(image_preparation.measure()))
print("\n".join(bad_images.measure()))
print("\n".join(function_start.measure()))
print("\n".join(staging.measure()))
cloud = Cloud(require(Folder()).url)
print("\n".join(workflow_latency.measure(cloud)))
print("\n".join(backlog.measure(cloud)))
