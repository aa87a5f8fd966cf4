"""The instance types that the tools use where none is named."""

TRAINING = "ml.g4dn.xlarge"  # the cheapest with a GPU, which the built-in algorithm needs
ENDPOINT = "ml.m5.large"
