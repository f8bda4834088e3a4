"""The API as an OpenAPI 3.1 document: a table of what each request is, and types for all that is in it."""
