"""The whole story as a notebook."""
