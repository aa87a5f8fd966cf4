"""Ask AWS itself, before anything is created, whether it accepts what a deployment sends."""
