"""Who may ask: settings, socket and HTTP API over the keeper."""
