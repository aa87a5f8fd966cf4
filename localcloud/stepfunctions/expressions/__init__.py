"""Evaluate JSONata as Step Functions does."""
