"""One thin file a noun: read the request, call the keeper, write the answer."""
