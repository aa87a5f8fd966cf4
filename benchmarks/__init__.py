"""Measurements whose figures stand in the README: `make benchmark`, or `python -m benchmarks.<one of them>`."""
