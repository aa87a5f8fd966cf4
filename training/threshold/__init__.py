"""`threshold`: the confidence threshold that keeps a promised precision, and the calibration that comes before it."""
