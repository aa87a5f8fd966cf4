"""Name the default instance types."""

# By algorithm of `train`: the cheapest instance with a GPU, and one of two cores.
TRAINING = {"image-classification": "ml.g4dn.xlarge", "transfer-learning": "ml.m5.large"}
ENDPOINT = "ml.m5.large"
