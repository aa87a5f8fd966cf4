"""Patches of MiniStack's KMS."""
