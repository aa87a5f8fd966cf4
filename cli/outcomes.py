"""The outcomes of an image: the values that the workflow records and announces.

A contract test compares them with the workflow's definition and with the table in README.md.
"""

ACCEPTED = "ACCEPTED"
REVIEW = "REVIEW"
UNREADABLE = "UNREADABLE"
FAILED = "FAILED"

CLASSIFIED = (ACCEPTED, REVIEW)  # the model answered
FINAL = (*CLASSIFIED, UNREADABLE)  # never replaced; FAILED gives way to any outcome
OUTCOMES = (*FINAL, FAILED)
