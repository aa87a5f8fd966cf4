"""Input that anybody may have made: archives to read, and text to show. Everything but the functions may use it."""
