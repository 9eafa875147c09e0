"""Reading broker.toml: what fits becomes one value, what does not is named by file and key."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config.keys import NAMED, SINGLE
from broker.config.load import load
from broker.config.model import Config
from broker.errors import ConfigError
from broker.secrets import Secret

OKTA_ARN = "arn:aws:iam::123456789012:saml-provider/okta"
GOOD = """
[server]
public_url = "https://broker.example.com/"
[store]
url = "sqlite:///state/broker.db"
[keys]
file = "keys.json"
[identity_providers.okta]
metadata_file = "okta.xml"
arn = "arn:aws:iam::123456789012:saml-provider/okta"
[access_roles.analyst]
arn = "arn:aws:iam::123456789012:role/analyst"
trusted_identity_providers = ["okta"]
workgroups = ["main-1"]
[workgroups.main-1]
host = "warehouse"
port = 5432
admin_conninfo = "host=warehouse password=hunter2"
databases = ["dev"]
"""


class Folder:
    """A folder with a good broker.toml, and ways to make it worse."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "state").mkdir()
        (path / "okta.xml").write_text("<EntityDescriptor/>")

    def load(self, content: str = GOOD, environ: dict[str, str] | None = None) -> Config:
        (self.path / "broker.toml").write_text(content)
        return load(self.path / "broker.toml", environ or {})

    def refusal(self, content: str, environ: dict[str, str] | None = None) -> str:
        with pytest.raises(ConfigError) as refusal:
            self.load(content, environ)
        assert str(self.path / "broker.toml") in refusal.value.what
        assert "hunter2" not in refusal.value.what
        assert refusal.value.__cause__ is None
        return refusal.value.what


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_a_small_file_is_enough(folder: Folder) -> None:
    config = folder.load()
    assert config.server.public_url == "https://broker.example.com"
    assert (config.server.listen_host, config.server.listen_port) == ("127.0.0.1", 8443)
    assert config.keys_file == folder.path / "keys.json"
    assert config.audit_file is None
    (provider,) = config.identity_providers
    assert (provider.name, provider.metadata_file) == ("okta", folder.path / "okta.xml")
    (workgroup,) = config.workgroups
    assert (workgroup.name, workgroup.databases, workgroup.allow_database_roles) == ("main-1", ("dev",), ())
    assert workgroup.admin_conninfo == Secret("host=warehouse password=hunter2")
    assert workgroup.maximum_duration == timedelta(hours=1)


def test_paths_are_relative_to_the_file(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.load()
    monkeypatch.chdir(folder.path / "state")
    assert load(Path("../broker.toml"), {}).store_url.endswith("/state/broker.db")
    assert folder.load().store_url == f"sqlite:///{folder.path}/state/broker.db"


def test_absolute_paths_stay(folder: Folder, tmp_path: Path) -> None:
    config = folder.load(changed("sqlite:///state/broker.db", f"sqlite:///{tmp_path}/other.db"))
    assert config.store_url == f"sqlite:///{tmp_path}/other.db"


def test_no_secret_shows_in_the_configuration(folder: Folder) -> None:
    config = folder.load(changed("sqlite:///state/broker.db", "postgresql://broker:hunter2@store/broker"))
    assert "hunter2" not in repr(config)


def test_secrets_in_the_environment_go_before_those_in_the_file(folder: Folder) -> None:
    environ = {
        "BROKER_STORE_URL": "postgresql://broker:hunter2@store/broker",
        "BROKER_WORKGROUP_MAIN_1_ADMIN_CONNINFO": "host=elsewhere",
    }
    config = folder.load(environ=environ)
    assert config.store_url == environ["BROKER_STORE_URL"]
    assert config.workgroups[0].admin_conninfo == Secret("host=elsewhere")


@pytest.mark.parametrize(
    "line", ['url = "sqlite:///state/broker.db"', 'admin_conninfo = "host=warehouse password=hunter2"']
)
def test_a_secret_may_be_in_the_environment_alone(folder: Folder, line: str) -> None:
    environ = {
        "BROKER_STORE_URL": "postgresql://store/broker",
        "BROKER_WORKGROUP_MAIN_1_ADMIN_CONNINFO": "host=elsewhere",
    }
    assert folder.load(changed(line, ""), environ)


def test_a_secret_may_be_in_a_file(folder: Folder) -> None:
    (folder.path / "admin.conninfo").write_text("host=warehouse password=hunter2\n")
    line = 'admin_conninfo = "host=warehouse password=hunter2"'
    in_file = 'admin_conninfo_file = "admin.conninfo"'
    expected = Secret("host=warehouse password=hunter2")
    assert folder.load(changed(line, in_file)).workgroups[0].admin_conninfo == expected
    assert "keep one of them" in folder.refusal(changed(line, f"{line}\n{in_file}"))
    environ = {"BROKER_WORKGROUP_MAIN_1_ADMIN_CONNINFO": "host=elsewhere"}
    assert folder.load(changed(line, in_file), environ).workgroups[0].admin_conninfo == Secret("host=elsewhere")


@pytest.mark.parametrize(
    ("old", "new", "key", "why"),
    [
        ("[server]", "[sever]", "sever", "nearest is server"),
        ("public_url", "publik_url", "server.publik_url", "nearest is public_url"),
        ("databases", "database", "workgroups.main-1.database", "nearest is databases"),
        ('public_url = "https://broker.example.com/"', "", "server.public_url", "is missing"),
        ('url = "sqlite:///state/broker.db"', "", "store.url", "is missing"),
        ('admin_conninfo = "host=warehouse password=hunter2"', "", "workgroups.main-1.admin_conninfo", "is missing"),
        ("port = 5432", 'port = "5432"', "workgroups.main-1.port", "a whole number, not text"),
        ("port = 5432", "port = true", "workgroups.main-1.port", "a whole number, not true or false"),
        ("port = 5432", "port = 5432.0", "workgroups.main-1.port", "a whole number, not a number"),
        ("port = 5432", "port = 0", "workgroups.main-1.port", "1 to 65535"),
        ('databases = ["dev"]', 'databases = "dev"', "workgroups.main-1.databases", "a list of texts, not text"),
        ('databases = ["dev"]', "databases = [1]", "workgroups.main-1.databases", "text, not a whole number"),
        ('databases = ["dev"]', "databases = []", "workgroups.main-1.databases", "at least one"),
        ('databases = ["dev"]', 'databases = ["dev", ""]', "workgroups.main-1.databases", "not be empty"),
        ('databases = ["dev"]', 'databases = ["dev", "dev"]', "workgroups.main-1.databases", "twice"),
        (
            'admin_conninfo = "host=warehouse password=hunter2"',
            'admin_conninfo = ["hunter2"]',
            "admin_conninfo",
            "text",
        ),
        ("[workgroups.main-1]", "[workgroups.Main]", "workgroups.Main", "a-z, 0-9 and -"),
        ("[workgroups.main-1]", f"[workgroups.{'a' * 65}]", "workgroups.aaa", "1 to 64"),
        ("[store]", "[[store]]", "store", "a table"),
        ("[workgroups.main-1]", "[workgroups]\nmain = 1\n[workgroups.main-1]", "workgroups.main", "a table"),
        ("https://broker.example.com/", "http://broker.example.com", "server.public_url", "https"),
        ("https://broker.example.com/", "http://127.evil.example", "server.public_url", "https"),
        ("https://broker.example.com/", "https://broker.example.com/path", "server.public_url", "nothing else"),
        ("https://broker.example.com/", "https://a:hunter2@broker.example.com", "server.public_url", "nothing else"),
        ("https://broker.example.com/", "https://broker.example.com:port", "server.public_url", "not a URL"),
        ("https://broker.example.com/", "broker.example.com", "server.public_url", "scheme"),
        ("sqlite:///state/broker.db", "sqlite://", "store.url", "sqlite:///FILE"),
        ("sqlite:///state/broker.db", "sqlite:///nowhere/broker.db", "store.url", "no folder"),
        ("sqlite:///state/broker.db", "mysql://u:hunter2@h/d", "store.url", "sqlite:///FILE"),
        ("okta.xml", "missing.xml", "identity_providers.okta.metadata_file", "no file"),
        ("arn:aws:iam::123456789012:role/analyst", "analyst", "access_roles.analyst.arn", "an ARN"),
        ('["okta"]', '["entra"]', "access_roles.analyst.trusted_identity_providers", "no identity provider entra"),
        ('["okta"]', "[]", "access_roles.analyst.trusted_identity_providers", "at least one"),
        ('["main-1"]', '["other"]', "access_roles.analyst.workgroups", "no workgroup other"),
        ('["main-1"]', '["*", "main-1"]', "access_roles.analyst.workgroups", "no workgroup *"),
    ],
)
def test_what_does_not_fit_is_named(folder: Folder, old: str, new: str, key: str, why: str) -> None:
    refusal = folder.refusal(changed(old, new))
    assert f"{key}" in refusal
    assert why in refusal


def test_a_server_belongs_to_one_workgroup(folder: Folder) -> None:
    second = GOOD[GOOD.index("[workgroups.main-1]") :].replace("main-1", "main-2")
    assert len(folder.load(GOOD + second.replace("5432", "5433")).workgroups) == 2
    refusal = folder.refusal(GOOD + second.replace('"warehouse"', '"Warehouse"'))
    assert "workgroups.main-2.host" in refusal
    assert "the server of main-1" in refusal


@pytest.mark.parametrize(
    ("section", "lines", "key", "why"),
    [
        ("server", 'tls_key = "okta.xml"', "server.tls_certificate", "needed beside tls_key"),
        ("server", 'listen = "8443"', "server.listen", "host:port"),
        ("server", 'listen = "[::1]:99999"', "server.listen", "host:port"),
        ("workgroups.main-1", "default_duration_seconds = 3601", "default_duration_seconds", "1 to 3600"),
        ("workgroups.main-1", "default_duration_seconds = 60", "minimum_duration_seconds", "900, which is more than"),
        ("workgroups.main-1", "maximum_duration_seconds = 60", "default_duration_seconds", "more than maximum"),
        ("workgroups.main-1", 'sslmode = "on"', "sslmode", "verify-full"),
        ("workgroups.main-1", 'alias_prefix = "pg_"', "alias_prefix", "not pg_"),
        ("workgroups.main-1", 'alias_prefix = "b-"', "alias_prefix", "letters or digits"),
        ("workgroups.main-1", "minimum_scram_iterations = 0", "minimum_scram_iterations", "at least 1"),
        ("identity_providers.okta", 'access_role = "other"', "identity_providers.okta.access_role", "no access role"),
        ("identity_providers.okta", "allow_exchange = true", "allow_exchange", "needs allow_unsolicited"),
        ("identity_providers.okta", "attributes = 1", "identity_providers.okta.attributes", "a table"),
        ("identity_providers.okta", 'attributes.databse_user = "x"', "attributes.databse_user", "database_user"),
        ("identity_providers.okta", 'attributes.database_user = ""', "attributes.database_user", "not be empty"),
        ("identity_providers.okta", 'attributes.access_role = ""', "identity_providers.okta.access_role", "is needed"),
        ("access_roles.analyst", "maximum_session_seconds = 43201", "maximum_session_seconds", "900 to 43200"),
    ],
)
def test_what_is_added_wrongly_is_named(folder: Folder, section: str, lines: str, key: str, why: str) -> None:
    refusal = folder.refusal(changed(f"[{section}]", f"[{section}]\n{lines}"))
    assert key in refusal
    assert why in refusal


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("[session]\ndefault_seconds = 7200\nmaximum_seconds = 3600", "session.default_seconds"),
        ('[saml]\ncertificate = "okta.xml"', "saml.private_key"),
        ('[saml]\nnext_certificate = "okta.xml"', "saml.next_private_key"),
        ('[saml]\nnext_certificate = "okta.xml"\nnext_private_key = "okta.xml"', "saml.certificate"),
        ('[audit]\nfile = "nowhere/audit.jsonl"', "audit.file"),
        ("[reaper]\ninterval_seconds = 0", "reaper.interval_seconds"),
        (
            f'[identity_providers.two]\nmetadata_file = "okta.xml"\narn = "{OKTA_ARN}"',
            "identity_providers.two.arn",
        ),
        (
            '[access_roles.two]\narn = "arn:aws:iam::123456789012:role/analyst"\ntrusted_identity_providers = ["okta"]',
            "access_roles.two.arn",
        ),
        (
            '[identity_providers.two]\nmetadata_file = "okta.xml"\naccess_role = "analyst"',
            "identity_providers.two.access_role: access role analyst does not trust two",
        ),
        (
            '[identity_providers.two]\nmetadata_file = "okta.xml"\ndatabase_users = ["*@two.example"]',
            "identity_providers.okta.database_users: is needed where there are several providers",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(folder: Folder, more: str, key: str) -> None:
    assert key in folder.refusal(f"{GOOD}\n{more}")


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8443"])
def test_a_loopback_host_needs_no_https(folder: Folder, host: str) -> None:
    url = f"http://{host}"
    assert folder.load(changed("https://broker.example.com/", url)).server.public_url == url


def test_an_address_may_be_ipv6(folder: Folder) -> None:
    server = folder.load(changed("[server]", '[server]\nlisten = "[::1]:443"')).server
    assert (server.listen_host, server.listen_port) == ("::1", 443)


def test_a_wrong_variable_is_named_and_not_shown(folder: Folder) -> None:
    assert "BROKER_STORE_URL" in folder.refusal(GOOD, {"BROKER_STORE_URL": "mysql://u:hunter2@h/d"})


def test_what_is_no_toml_is_named(folder: Folder) -> None:
    assert "is not TOML" in folder.refusal("[server\n")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read"):
        load(tmp_path / "nowhere.toml", {})


@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_no_unknown_key_is_ever_ignored(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    known = {section.table for section in (*SINGLE, *NAMED)}
    folder = tmp_path_factory.getbasetemp() / "unknown.toml"
    quoted = "".join(f"\\U{ord(character):08X}" for character in name)
    folder.write_text(f'"{quoted}" = 1\n')
    with pytest.raises(ConfigError) as refusal:
        load(folder, {})
    assert ("nearest" in refusal.value.what) is (name not in known)
