"""Who changed a file behind our back: every outside change becomes a revision, and is told."""
