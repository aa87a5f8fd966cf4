"""Fault injection: what goes wrong on AWS goes wrong here too, on demand and repeatably.

Only `python -m localcloud up --faults` installs it; a plan then comes in by the control door, /_local/faults.
A test sends plans with `localcloud.faults.client.Faults`. Faults strike subjects: S3 objects, by their keys. In the
input of an application, `subject_members` says which members name the object.
"""
