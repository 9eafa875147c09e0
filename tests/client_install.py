"""The workstation's install is light: a fresh ``pip install .`` brings the two commands and nothing of the server."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

SERVER_ONLY = ("starlette", "uvicorn", "sqlalchemy", "alembic", "jinja2", "xmlsec", "lxml", "onelogin", "psycopg_pool")
DATA = ("broker/http/templates/base.html", "broker/demo/pages/style.css", "broker/demo/sample_sql/postgres.sql")
"""Files that are no modules: a wheel loses them most easily."""


def main() -> None:
    """Install and look; an AssertionError says what is wrong."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory(prefix="wab-client-") as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder) / "bin"
        _run(programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(root))
        found = _run(
            programs / "python",
            "-c",
            "import sys; from importlib.util import find_spec; print(*filter(find_spec, sys.argv[1:]))",
            *SERVER_ONLY,
        )
        assert found.strip() == "", f"the workstation's install brings {found}"
        site = Path(_run(programs / "python", "-c", "import broker; print(broker.__path__[0])").strip()).parent
        absent = [name for name in DATA if not (site / name).exists()]
        assert absent == [], f"the wheel lacks {absent}"
        for command in ("broker", "wsql"):
            assert "Usage" in _run(programs / command, "--help"), f"{command} --help says nothing"
        served = subprocess.run([programs / "broker", "serve"], cwd=folder, capture_output=True, text=True)
        assert served.returncode != 0
        assert "warehouse-access-broker[server]" in served.stderr, served.stderr
    print("the workstation's install is light")


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
