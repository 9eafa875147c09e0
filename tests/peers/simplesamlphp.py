"""SimpleSAMLphp itself, as Debian packages it, under PHP's own web server."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.peers.broker_process import await_answer, process
from tests.simulators.saml_keys import key_pair

WWW = Path("/usr/share/simplesamlphp/www")
PASSWORD = "correct-horse"

# PHP's server takes "/module.php/core/loginuserpass.php" for a file of that name.
ROUTER = """<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (preg_match('#^(/[a-z0-9/._-]*?\\.php)(/.*)$#i', $path, $found) && is_file('%(www)s' . $found[1])) {
    $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $found[1];
    $_SERVER['SCRIPT_FILENAME'] = '%(www)s' . $found[1];
    $_SERVER['PATH_INFO'] = $found[2];
    chdir(dirname($_SERVER['SCRIPT_FILENAME']));
    require $_SERVER['SCRIPT_FILENAME'];
    return true;
}
return false;
"""

CONFIG = """<?php
$config = [
    'baseurlpath' => '%(url)s/',
    'certdir' => '%(folder)s/',
    'loggingdir' => '%(folder)s/',
    'datadir' => '%(folder)s/',
    'tempdir' => '%(folder)s/tmp',
    'metadatadir' => '%(folder)s/metadata/',
    'attributenamemapdir' => '/usr/share/simplesamlphp/config/attributemap/',
    'secretsalt' => 'a salt that is none of the default',
    'auth.adminpassword' => 'a password that is none of the default',
    'technicalcontact_name' => 'Nobody',
    'technicalcontact_email' => 'nobody@example.com',
    'timezone' => 'UTC',
    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'session.phpsession.savepath' => '%(folder)s/sessions',
    'session.phpsession.cookiename' => 'SimpleSAML',
    'language.available' => ['en'],
    'language.default' => 'en',
    'language.cookie.secure' => false,
    'language.cookie.samesite' => null,
    'logging.handler' => 'file',
    'logging.level' => 7,
    'store.type' => 'phpsession',
    'metadata.sources' => [['type' => 'flatfile']],
    'production' => true,
];
"""

HOSTED = """<?php
$metadata['%(url)s/idp'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp-key.pem',
    'certificate' => 'idp.pem',
    'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'sign.logout' => true,
    'redirect.validate' => true,
    'authproc' => [
        3 => [
            'class' => 'saml:AttributeNameID',
            'attribute' => 'email',
            'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
        ],
    ],
];
"""

REMOTE = """
$metadata['%(base)s/metadata'] = [
    'AssertionConsumerService' => '%(base)s/acs',
    'SingleLogoutService' => '%(base)s/slo',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    'simplesaml.nameidattribute' => 'email',
    'saml20.sign.assertion' => true,
    'saml20.sign.response' => true,
    'assertion.encryption' => %(encrypted)s,
    'certData' => '%(certificate)s',
];
"""


@dataclass(frozen=True, slots=True)
class SimpleSamlPhp:
    """A running provider."""

    url: str
    folder: Path

    def metadata(self) -> bytes:
        return httpx.get(f"{self.url}/saml2/idp/metadata.php", trust_env=False).content

    def begin_at(self, service_provider: str) -> str:
        """The address at which the provider begins a sign-in."""
        return f"{self.url}/saml2/idp/SSOService.php?spentityid={service_provider}"

    def set_people(self, groups: Mapping[str, Sequence[str]]) -> None:
        """Who there is, and in which groups."""
        people = "".join(
            f"'{name}:{PASSWORD}' => ['email' => ['{name}@example.com'], 'groups' => {json.dumps(list(names))}],"
            for name, names in groups.items()
        )
        text = f"<?php $config = ['admin' => ['core:AdminPassword'], 'people' => ['exampleauth:UserPass', {people}]];"
        (self.folder / "authsources.php").write_text(text)


@contextmanager
def running(
    folder: Path, port: int, service_providers: Mapping[str, bool], certificate: str
) -> Iterator[SimpleSamlPhp]:
    """Run it until the context ends; each service provider's base URL, and whether its assertions are encrypted."""
    provider = SimpleSamlPhp(f"http://localhost:{port}", folder)
    keys = key_pair("SimpleSAMLphp")
    facts = {"url": provider.url, "folder": folder, "www": WWW}
    for name in ("metadata", "sessions", "tmp"):
        (folder / name).mkdir()
    (folder / "idp.pem").write_text(keys.certificate)
    (folder / "idp-key.pem").write_text(keys.private_key)
    (folder / "router.php").write_text(ROUTER % facts)
    (folder / "config.php").write_text(CONFIG % facts)
    (folder / "metadata" / "saml20-idp-hosted.php").write_text(HOSTED % facts)
    body = "".join(certificate.strip().splitlines()[1:-1])
    remote = "".join(
        REMOTE % {"base": base, "certificate": body, "encrypted": str(encrypted).lower()}
        for base, encrypted in service_providers.items()
    )
    (folder / "metadata" / "saml20-sp-remote.php").write_text("<?php" + remote)
    provider.set_people({"ethan": ["sales"], "fiona": ["finance"]})
    command = ["php", "-d", "opcache.enable=0", "-S", f"localhost:{port}", "-t", str(WWW)]
    environment = {"SIMPLESAMLPHP_CONFIG_DIR": str(folder), "PHP_CLI_SERVER_WORKERS": "4"}
    with process([*command, str(folder / "router.php")], folder / "php.log", environment) as server:
        await_answer(f"{provider.url}/saml2/idp/metadata.php", folder / "php.log", 30, server)
        yield provider
