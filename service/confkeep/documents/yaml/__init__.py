"""YAML: checked, composed to nodes and spliced; no object is ever built from a user's document."""
