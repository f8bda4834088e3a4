"""One request to the Home Assistant of this container, on its own loopback: METHOD PATH HEADERS [BODY].

Prints status and text as JSON; null while nobody listens.
"""

import http.client
import json
import sys

method, path, headers, *body = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", 8123, timeout=60)
try:
    connection.request(method, path, body[0] if body else None, json.loads(headers))
except ConnectionRefusedError:
    json.dump(None, sys.stdout)
else:
    answer = connection.getresponse()
    json.dump({"status": answer.status, "text": answer.read().decode()}, sys.stdout)
