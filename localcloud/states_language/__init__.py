"""Check workflow definitions by the rules of the Amazon States Language.

`check` in rules.py receives a definition and yields findings. The rules come from the
specification, from the Step Functions developer guide and from npm `asl-validator` 4.0.0;
docs/decisions.md names the sources. The package imports no emulator: tests and tools use it alone.
"""
