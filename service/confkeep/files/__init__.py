"""How bytes reach a file: synchronous, operating system only, no knowledge of documents or history."""
