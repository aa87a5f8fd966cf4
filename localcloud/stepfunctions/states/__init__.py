"""Run each type of state: turn its input into output, and choose the next state."""
