"""SageMaker's image-classification algorithm on a laptop.

It trains a head on the features of a frozen ImageNet backbone (transfer learning).
"""

import os

# onnxruntime sends telemetry when it is imported, unless this is set before.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# numpy's matrices are small here. With several threads, the epochs of a job on 2,000 images take
# 12 times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
