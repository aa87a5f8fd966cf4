"""Patches of MiniStack's EventBridge and EventBridge Pipes."""
