"""The library: what ``import confkeep`` offers. No daemon, no dependencies.

A save that can be done by a rename needs no store. One in place needs the journal: it goes through a keeper whose state
is in ``CONFKEEP_STATE``, or in the user's own state directory.
"""
