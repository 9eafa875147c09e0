"""The screen comes before what it works with: nobody waits for a driver or a parser to see the editor."""

import subprocess
import sys

LATER = ("psycopg", "sqlglot", "keyring", "httpx", "pgspecial", "pyarrow", "filelock", "sqlite3", "attr", "tree_sitter")
OURS = tuple(
    f"tui.{name}"
    for name in (
        *("core.completion", "core.completion_names", "core.snippets", "widgets.completion_list", "core.vim"),
        *("core.emacs", "core.compare", "widgets.comparison_table", "core.explaining", "core.plan", "core.chart"),
        *("widgets.plan_tree", "core.layout", "core.saving", "screens.views", "metas", "screens.dialogs", "messages"),
        *("conductor", "workroom", "metascreen", "core.workbench", "core.errors", "core.statements", "core.lexed"),
        *("core.told", "core.keystrokes", "core.history", "widgets.result_table", "widgets.catalog_tree"),
        *("widgets.find_bar", "widgets.status"),
    )
)


def test_the_screen_needs_no_driver_no_parser_no_keyring_and_nothing_that_is_asked_for_later():
    program = f"""
import sys, tempfile, pathlib
from tui.app import WsqlApp
from tui.config import Home
from tui.core.wish import Wish
WsqlApp(Wish(), Home(pathlib.Path(tempfile.mkdtemp())))
print([name for name in {LATER + OURS} if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
