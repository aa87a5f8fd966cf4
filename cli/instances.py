"""Name the default instance types."""

TRAINING = "ml.g4dn.xlarge"  # the cheapest with a GPU, which the built-in algorithm needs
ENDPOINT = "ml.m5.large"
