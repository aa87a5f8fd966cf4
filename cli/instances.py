"""Name the algorithms of `train`, and their default instance types."""

BUILT_IN = "image-classification"  # the default
TRANSFER_LEARNING = "transfer-learning"

# The cheapest instance with a GPU, and one of two cores.
TRAINING = {BUILT_IN: "ml.g4dn.xlarge", TRANSFER_LEARNING: "ml.m5.large"}
ENDPOINT = "ml.m5.large"

NEEDS_NO_GPU = f"`--algorithm {TRANSFER_LEARNING}` needs no GPU."
