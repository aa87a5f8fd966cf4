"""Patches of MiniStack's S3."""
