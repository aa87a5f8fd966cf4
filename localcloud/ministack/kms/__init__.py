"""Patch MiniStack's KMS."""
