"""The screen comes before what it works with: nobody waits for a driver or a parser to see the editor."""

import subprocess
import sys

LATER = ("psycopg", "sqlglot", "keyring", "httpx", "pgspecial", "pyarrow")


def test_the_screen_needs_no_driver_no_parser_and_no_keyring():
    program = f"""
import sys, tempfile, pathlib
from tui.app import WsqlApp
from tui.config import Home
from tui.core.connect import Wish
WsqlApp(Wish(), Home(pathlib.Path(tempfile.mkdtemp())))
print([name for name in {LATER} if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
