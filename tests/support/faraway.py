# SPDX-License-Identifier: EUPL-1.2
"""A browser command for `BROWSER`: reads the page that it is given, follows it, and writes down what it saw as JSON."""

import http.client
import json
import os
import re
import sys
import urllib.parse
from pathlib import Path

SEEN = "MELDKLUIS_TEST_SEEN"


def main() -> None:
    page = Path(urllib.parse.unquote(urllib.parse.urlsplit(sys.argv[1]).path))
    text = page.read_text(encoding="utf-8")
    seen: dict[str, object] = {"page": text, "file": str(page), "mode": page.stat().st_mode & 0o777}
    refresh = re.search(
        r'http-equiv="refresh" content="0; url=http://127\.0\.0\.1:(\d+)(/start\?token=([\w-]+))"', text
    )
    if refresh is not None:
        port, path, token = refresh.groups()
        seen["shown"] = [line for line in _everything_shown() if token in line]
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
        # As a browser that a file led here.
        connection.request("GET", path, headers={"Sec-Fetch-Site": "cross-site"})
        answer = connection.getresponse()
        seen |= {"port": int(port), "status": answer.status, "answer": answer.read().decode()}
        seen["cookie"] = (answer.headers["Set-Cookie"] or "").split(";")[0]
        connection.close()
    Path(os.environ[SEEN]).write_text(json.dumps(seen), encoding="utf-8")


def _everything_shown() -> list[str]:
    """The command lines and titles of all processes."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "comm"):
            try:
                lines.append((process / name).read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue
    return lines


if __name__ == "__main__":
    main()
