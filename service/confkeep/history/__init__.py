"""What a file has been: revisions, contents and the journal of open saves, in one SQLite file."""
