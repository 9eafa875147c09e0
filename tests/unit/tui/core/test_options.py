"""`wsql.toml`: what it may say, and what is said about what it may not."""

import pytest

from tui.core.errors import OptionsInvalid
from tui.core.options import ConnectionOptions, Options, load_options


def written(folder, text):
    file = folder / "wsql.toml"
    file.write_text(text)
    return file


def test_without_a_file_the_defaults_count(tmp_path):
    assert load_options(tmp_path / "wsql.toml") == Options()
    assert Options().limits == {}
    assert Options().of("demo/dev") == ConnectionOptions("demo/dev")


def test_the_first_connection_that_matches_counts(tmp_path):
    options = load_options(
        written(
            tmp_path,
            """
            statement_timeout_seconds = 5
            read_only_roles = ["auditor"]
            [[connections]]
            match = "production/*"
            colour = "red"
            read_only = true
            [[connections]]
            match = "*"
            label = "other"
            """,
        )
    )
    assert options.of("production/dev") == ConnectionOptions("production/*", "red", read_only=True)
    assert options.of("test/dev").label == "other"
    assert (options.limits, options.read_only_roles) == ({"statement_timeout": "5s"}, ("auditor",))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("statement_timeout = 5", "`statement_timeout`"),
        ("statement_timeout_seconds = true", "number of seconds"),
        ("statement_timeout_seconds = -1", "number of seconds"),
        ("read_only_roles = 'auditor'", "a list of texts"),
        ("read_only_roles = [1]", "a list of texts"),
        ("connections = 1", "[[connections]]"),
        ("[[connections]]\ncolour = 'red'", "`match` is missing"),
        ("[[connections]]\nmatch = '*'\ncolour = 'reddish'", "`colour` must be"),
        ("[[connections]]\nmatch = '*'\nread_only = 'yes'", "true or false"),
        ("[[connections", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, named):
    with pytest.raises(OptionsInvalid, match=r"wsql\.toml") as caught:
        load_options(written(tmp_path, text))
    assert named in caught.value.what
