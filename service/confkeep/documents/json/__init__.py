"""JSON (RFC 8259), and JSON with comments."""
