"""Named lies about a SAML response, each with the refusal that it must meet.

`HOSTILE` maps a name to a `Case`. Each breaks one thing in a response that is otherwise good for the service provider
of `tests.simulators.saml_world`.
"""

from tests.simulators.saml_claim_lies import CLAIMS
from tests.simulators.saml_encryption_lies import ENCRYPTION
from tests.simulators.saml_lie_kit import Case
from tests.simulators.saml_markup_lies import MARKUP
from tests.simulators.saml_signature_lies import SIGNATURES
from tests.simulators.saml_time_lies import TIMES
from tests.simulators.saml_wrapping import WRAPPING

_TABLES = (WRAPPING, SIGNATURES, ENCRYPTION, CLAIMS, TIMES, MARKUP)
HOSTILE: dict[str, Case] = {name: case for table in _TABLES for name, case in table.items()}
assert len(HOSTILE) == sum(map(len, _TABLES)), "two lies have one name"
