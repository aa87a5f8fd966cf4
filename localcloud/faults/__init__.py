"""Inject faults of AWS, on demand and repeatably.

Only `python -m localcloud up --faults` installs them. A plan arrives at the control endpoint,
/_local/faults. A test sends plans with `localcloud.faults.client.Faults`. Faults strike subjects:
S3 objects, by their keys. In the input of an application, `subject_members` lists the members that
name the object.
"""
