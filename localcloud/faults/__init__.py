"""Fault injection: what goes wrong on AWS goes wrong here too, on demand and repeatably.

Only `python -m localcloud up --faults` installs it; a plan then comes in by the control door, /_local/faults.
"""
