"""Runs inside a container: what every editor does, a temporary file and a rename.

Prints, as JSON, "done" or where it stopped and the name of the errno: `["rename", "EBUSY"]`.
"""

import errno
import json
import os
import sys

target = sys.argv[1]
temporary = f"{target}.plain.tmp"
step = "temporary"
try:
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    step = "rename"
    os.rename(temporary, target)
    json.dump(["done", ""], sys.stdout)
except OSError as error:
    json.dump([step, errno.errorcode[error.errno or 0]], sys.stdout)
finally:
    if os.path.exists(temporary):
        os.unlink(temporary)
