"""Patch MiniStack's IAM: decisions, roles of services, and a log of the decisions."""
