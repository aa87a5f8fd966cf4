"""Ask AWS itself, before anything is created, whether it accepts a deployment."""
