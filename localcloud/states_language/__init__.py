"""The rules of the Amazon States Language, which judge a workflow definition before it is created.

`check` in rules.py takes a definition and yields findings. The rules come from the specification,
from the Step Functions developer guide and from npm `asl-validator` 4.0.0; docs/decisions.md names
the sources. The package imports no emulator, so that tests and tools can use it alone.
"""
