"""Patch MiniStack's EventBridge and EventBridge Pipes."""
