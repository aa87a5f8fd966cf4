"""What MiniStack leaves out of AWS and the local cloud adds, by wrapping functions of MiniStack.

Every place where this happens (a "seam") is a small module with a contract test, which fails loudly when a new version
of MiniStack moves it.
"""
