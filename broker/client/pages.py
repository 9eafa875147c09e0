"""The pages that end a sign-in in the browser: without script, without anything from elsewhere, without a secret."""

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from typing import Final

_STYLE: Final = """
:root{color-scheme:light dark;
--ink:#1b2430;--paper:#f6f7f9;--card:#fff;--soft:#55606e;--good:#0b6e4f;--bad:#a4262c}
@media (prefers-color-scheme:dark){:root{
--ink:#e8ecf1;--paper:#12161c;--card:#1b2129;--soft:#a5b0be;--good:#5fd3a5;--bad:#ff9a94}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);
font:1.0625rem/1.55 system-ui,sans-serif}
main{max-width:30rem;margin:1.5rem;padding:2.25rem 2.5rem;background:var(--card);border-radius:.875rem;
border-top:.375rem solid var(--tone);box-shadow:0 .25rem 1.5rem rgb(0 0 0/.12)}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;color:var(--tone)}p{margin:.5rem 0}.soft{color:var(--soft)}
"""

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says; texts are plain, and escaped when shown."""

    title: str
    text: str
    advice: str
    good: bool = False

    def html(self) -> bytes:
        """The page in UTF-8, to be sent with `HEADERS`."""
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.title)} - warehouse access broker</title>\n<style>{_STYLE}</style>\n</head>\n"
            f'<body>\n<main class="{"good" if self.good else "bad"}">\n<h1>{escape(self.title)}</h1>\n'
            f'<p role="status">{escape(self.text)}</p>\n<p class="soft">{escape(self.advice)}</p>\n'
            "</main>\n</body>\n</html>\n"
        ).encode()


NOT_FOUND: Final = Page("Nothing here", "This address only ends a sign-in.", "You can close this page.")
FOREIGN: Final = Page(
    "Not the sign-in that waits",
    "This answer does not belong to the sign-in that this program waits for.",
    "Close this page, and finish the sign-in in the page that was opened last.",
)
UNFINISHED: Final = Page(
    "Look at your terminal",
    "The program that began this sign-in has not said how it ended.",
    "You can close this page and go back to your terminal.",
)


def signed_in(subject: str) -> Page:
    """The page of a sign-in that worked."""
    return Page(
        "You are signed in", f"Signed in as {subject}.", "You can close this page and go back to your terminal.", True
    )


def failed(what: str, remedy: str) -> Page:
    """The page of a sign-in that did not work."""
    return Page("You are not signed in", what, remedy)
