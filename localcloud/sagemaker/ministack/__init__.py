"""The ways from SageMaker to the rest of the local cloud: IAM, S3, CloudWatch."""
