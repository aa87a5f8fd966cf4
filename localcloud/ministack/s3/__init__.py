"""Patch MiniStack's S3."""
