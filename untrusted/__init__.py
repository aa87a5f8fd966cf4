"""Read archives and show text from outside. All packages but the functions may use it."""
