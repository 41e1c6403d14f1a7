"""The page people look at. In: page.html beside this file. Out: its bytes and the headers under which it may do its
own script and nothing else.

Everything a sender wrote is put on the page as text by the script; an HTML mail stands in a sandboxed frame,
which inherits this policy: no script, no request to anywhere (a remote picture in a mail would tell its sender
who read it).
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path


def load() -> tuple[bytes, dict[str, str]]:
    html = Path(__file__).with_name("page.html").read_text("utf-8")
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None, "page.html has one inline script"
    digest = base64.b64encode(hashlib.sha256(script.group(1).encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html.encode(), {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
