"""What an operation of a patch becomes: changes of nodes."""
