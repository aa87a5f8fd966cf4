"""The types of states: what each does with its input, and which state follows."""
