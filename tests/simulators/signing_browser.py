"""A browser that signs somebody in at the demonstration's provider by itself: a program, for `BROWSER`.

    python -m tests.simulators.signing_browser PERSON_FILE ADDRESS

PERSON_FILE holds the name and the password, in two lines; nobody signs in while it is empty.
"""

import sys
from pathlib import Path
from urllib.parse import urljoin

from broker.demo.browser import DemoBrowser, _form


def main(person_file: str, address: str) -> None:
    """Follow the sign-in to its end, at the client's listener."""
    if not (lines := Path(person_file).read_text().splitlines()):
        return
    with DemoBrowser() as browser:
        here, page = browser._follow("GET", address)
        for values in ({"user": lines[0], "password": lines[1]}, {}):
            form = _form(here, page)
            here, page = browser._follow(form.method, urljoin(here, form.action), {**form.filled_in(), **values})


if __name__ == "__main__":
    main(*sys.argv[1:])
