"""The image-classification algorithm of SageMaker on a laptop: transfer learning on a frozen ImageNet backbone."""

import os

# onnxruntime reports to its maker as soon as it is imported; only this, set before, keeps it from that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
