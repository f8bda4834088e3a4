"""One request to confkeep's socket, as a program in this container makes it: METHOD TARGET [BODY [NAME VALUE]...]."""

import http.client
import json
import socket
import sys

method, target, *rest = sys.argv[1:]
body = rest[0].encode() if rest else None
headers = dict(zip(rest[1::2], rest[2::2], strict=True))
connection = http.client.HTTPConnection("localhost", timeout=30)
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect("/run/confkeep/confkeep.sock")
connection.request(method, target, body, headers)
answer = connection.getresponse()
json.dump({"status": answer.status, "etag": answer.headers["ETag"], "body": answer.read().decode()}, sys.stdout)
