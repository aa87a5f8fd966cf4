"""Interpret the Amazon States Language with JSONata, and serve the API of Step Functions.

The package imports no emulator. Callers pass IAM, S3, Lambda, CloudWatch, EventBridge and other
services as `surroundings.Surroundings`. CreateStateMachine refuses features that are not emulated,
as JSONPath, and names them.
"""
