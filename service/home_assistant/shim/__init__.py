"""The module atomicwrites in Home Assistant: confkeep's; on a Python before 3.11 the one that Home Assistant brings.

`make shim` puts this file before confkeep's drop-in: that one, and all of confkeep, is written for Python 3.11.
"""

import importlib
import os
import sys

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

if sys.version_info >= (3, 11):  # noqa: UP036 - Home Assistant before 2023.8 has an older one
    from .start import begin

    module = importlib.import_module("atomicwrites.drop_in")
    begin(configuration=os.path.dirname(_HERE))
else:
    import importlib.machinery
    import importlib.util
    import logging

    _elsewhere = [entry for entry in sys.path if os.path.abspath(entry) != _HERE]
    _spec = importlib.machinery.PathFinder.find_spec("atomicwrites", _elsewhere)
    if _spec is None or _spec.loader is None:
        raise ImportError("confkeep's atomicwrites needs Python 3.11, and there is no other: take it from PYTHONPATH")
    module = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(module)
    logging.getLogger("confkeep").warning(
        "confkeep is not active: it needs Python 3.11, Home Assistant 2023.8; %s is used", module.__file__
    )

sys.modules["atomicwrites"] = module
