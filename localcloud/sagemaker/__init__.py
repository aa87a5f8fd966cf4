"""Emulate SageMaker: jobs and endpoints behind the wire protocol of AWS clients."""
