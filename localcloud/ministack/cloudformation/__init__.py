"""Patches of MiniStack's CloudFormation, and the names and ARNs that it gives to resources."""
