"""Patches of MiniStack's Lambda."""
