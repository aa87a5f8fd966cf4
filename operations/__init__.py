"""The tool of people who run the service: commands, the check before a deployment, and the service itself."""
