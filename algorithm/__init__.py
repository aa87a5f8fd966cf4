"""The image-classification algorithm of SageMaker on a laptop: transfer learning on a frozen ImageNet backbone."""

import os

# onnxruntime reports to its maker as soon as it is imported; only this, set before, keeps it from that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# numpy's matrices are small here: shared out among threads, the epochs of a job on 2,000 images take 12 times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
