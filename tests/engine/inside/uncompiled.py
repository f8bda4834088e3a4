"""Runs inside the image: imports all of confkeep, and counts what was loaded and what is not byte code."""

import importlib
import json
import os
import pkgutil
import sys

import confkeep

for module in pkgutil.walk_packages(confkeep.__path__, "confkeep."):
    if not module.name.endswith("__main__"):  # would run
        importlib.import_module(module.name)

specs = [getattr(module, "__spec__", None) for module in list(sys.modules.values())]
caches = [spec.cached for spec in specs if spec and spec.has_location and spec.cached]
missing = [path for path in caches if not os.path.exists(path)]
json.dump({"loaded": len(caches), "missing": missing}, sys.stdout)
