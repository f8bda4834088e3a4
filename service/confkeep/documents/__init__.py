"""What the bytes mean: pure functions on bytes, no I/O, no framework."""
