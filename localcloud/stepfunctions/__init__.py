"""An interpreter of the Amazon States Language with JSONata, and the API of Step Functions over it.

It knows no emulator: what it needs of one (IAM, S3, Lambda and other services, CloudWatch,
EventBridge) is passed in, as `surroundings.Surroundings`. What it does not emulate, JSONPath first
of all, is refused by name when a state machine is created.
"""
