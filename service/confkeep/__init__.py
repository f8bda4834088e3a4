"""confkeep saves configuration files so that they are never torn, never lost and never overwritten unseen."""

__version__ = "0.1.0"
