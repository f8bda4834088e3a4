"""Contents that are easily changed on their way."""

#: Content that a text layer anywhere on the way would change.
AWKWARD = {
    "empty": b"",
    "crlf": b"a: 1\r\nb: 2\r\n",
    "bom": b"\xef\xbb\xbfa: 1\n",
    "no newline at the end": b"a: 1",
    "old mac": b"a: 1\rb: 2\r",
    "bad utf-8": b"name: \xff\xfe\x80\n",
    "nul": b"a\0b\0",
    "every byte": bytes(range(256)) * 3,
    "utf-16": "a: ü\n".encode("utf-16"),
}
