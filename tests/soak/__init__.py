"""The proof of the promise: thousands of uploads while everything goes wrong, then a count that must balance."""
