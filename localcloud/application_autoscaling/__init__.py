"""Application Auto Scaling on the laptop, for the variants of SageMaker endpoints."""
