"""Measure the figures of the README: `make benchmark`, or `python -m benchmarks.NAME`."""
