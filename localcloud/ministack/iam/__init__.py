"""Patches of MiniStack's IAM: who may do what, as which role, and a log of the decisions."""
