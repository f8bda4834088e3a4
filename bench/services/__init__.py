"""A file saved through a service, by confkeep's daemon and by what people use today.

What is compared: one document of 1, 16, 256 KB and 1 MB, saved by the same client over a Unix socket (Cockpit's bridge:
over its standard input) into a directory of its own on one journaled disk; and the floor, which is the least Python
that does this durably without any service.

Why that is fair. **Own durability**: each service as it is, with what it flushes beside its name; strace has to see
exactly that, or the bench stops. **Equal durability**: who leaves out a flush that the floor does has a second row,
whose client flushes after the answer. No service is asked for more than a save: no TLS, no proxy, logs off. All run at
the same time, idle but for the one that is asked, in a new order for each save; what counts are the rounds in which the
floor and its twin read the same. What a service keeps of the file is found by trying.

Not equal, and said in the tables: Starlette alone, nginx, Cockpit and Jupyter keep no old content; Node-RED also
deploys the flows that it saves; confkeep always compares, records and journals.

A service that is not installed is named with what would install it. Those that Debian has no package for are looked for
in ``$CONFKEEP_SERVICES`` (``services`` beside this environment's ``bin``).
"""

from __future__ import annotations

from bench.services.comparison import measure, run

__all__ = ["measure", "run"]
