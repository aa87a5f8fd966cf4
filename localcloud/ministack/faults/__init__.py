"""Fault injection inside of MiniStack's services."""
