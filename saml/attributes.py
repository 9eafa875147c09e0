"""Reading attributes of a validated assertion, and the limits of session tags (AWS IAM and STS quotas).

A value is handed on as it was signed, in Unicode's composed form (NFC), or it is refused by the attribute's name: never
trimmed, never repaired.
"""

import re
import unicodedata
from typing import Final

from saml.errors import AttributeMissing, AttributeRepeated, AttributeTextForbidden, TagLimitExceeded
from saml.model import ValidatedAssertion

MAXIMUM_TAGS: Final = 50
MAXIMUM_TAG_KEY: Final = 128
MAXIMUM_TAG_VALUE: Final = 256
_TAG_PUNCTUATION: Final = frozenset("_.:/=+-@")

_DISGUISED: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
    "\u037e\u1fef\u212a]"
)
"""Letters and marks that show nothing (Unicode: Default_Ignorable_Code_Point beside Cf), the Braille blank, and the
three characters that composition (NFC) turns into ASCII: a semicolon, a backtick, and a K that would be another's."""


def is_plain_text(text: str) -> bool:
    """Whether a text is what a person sees: not empty, no outer white space, no character that hides or reorders.

    `isprintable` knows no space but U+0020, and neither controls, formats (bidirectional, zero-width), line separators,
    surrogates, private nor unassigned characters.
    """
    return bool(text) and text.isprintable() and text == text.strip() and not _DISGUISED.search(text)


def values(assertion: ValidatedAssertion, name: str) -> tuple[str, ...]:
    """All values of an attribute that may have several, in document order; () if it is absent.

    Some providers write one Attribute with many values, some (Keycloak) many Attributes of one name with one value.

    Raises:
        AttributeTextForbidden: a value is not plain text.
    """
    found = tuple(value for attribute in assertion.attributes if attribute.name == name for value in attribute.values)
    if not all(is_plain_text(value) for value in found):
        raise AttributeTextForbidden(
            f"a value of the attribute {name} is empty, has white space at an end, or holds invisible characters"
        )
    return tuple(unicodedata.normalize("NFC", value) for value in found)


def optional(assertion: ValidatedAssertion, name: str) -> str | None:
    """The value of an attribute that may be absent, but has one value where it is there.

    Raises:
        AttributeRepeated: it has several values or is there several times, even with the same value.
        AttributeMissing: it is there without a value.
        AttributeTextForbidden: the value is not plain text.
    """
    present = [attribute for attribute in assertion.attributes if attribute.name == name]
    if not present:
        return None
    found = values(assertion, name)
    if not found:
        raise AttributeMissing(f"the attribute {name} has no value")
    if len(present) > 1 or len(found) > 1:
        raise AttributeRepeated(f"the attribute {name} has more than one value")
    return found[0]


def single(assertion: ValidatedAssertion, name: str) -> str:
    """The one value of an attribute that must be there.

    Raises:
        AttributeMissing: it is absent or has no value.
        AttributeRepeated, AttributeTextForbidden: as `optional`.
    """
    value = optional(assertion, name)
    if value is None:
        raise AttributeMissing(f"the assertion has no attribute {name}")
    return value


def session_tags(assertion: ValidatedAssertion, prefix: str) -> dict[str, str]:
    """Every tag under `prefix` (AWS: `https://aws.amazon.com/SAML/Attributes/PrincipalTag:`), within the limits.

    Raises:
        TagLimitExceeded: too many, too long, a character that no tag may have, or keys that differ in case alone.
        AttributeRepeated, AttributeMissing, AttributeTextForbidden: as `single`; a tag has one value.
    """
    tagged = {attribute.name for attribute in assertion.attributes if attribute.name.startswith(prefix)}
    tags = {name.removeprefix(prefix): single(assertion, name) for name in sorted(tagged)}
    if len(tags) > MAXIMUM_TAGS:
        raise TagLimitExceeded(f"the assertion has {len(tags)} session tags; {MAXIMUM_TAGS} are allowed")
    for key, value in tags.items():
        check_tag(key, value)
    if len({key.casefold() for key in tags}) < len(tags):
        raise TagLimitExceeded("two session tags differ in case alone, and tag keys know no case")
    return tags


def check_tag(key: str, value: str) -> None:
    """Check one session tag against the limits of the contract.

    Raises:
        TagLimitExceeded: the text names the tag and the limit.
    """
    if not 1 <= len(key) <= MAXIMUM_TAG_KEY:
        raise TagLimitExceeded(
            f"the key of a session tag has {len(key)} characters; 1 to {MAXIMUM_TAG_KEY} are allowed"
        )
    if len(value) > MAXIMUM_TAG_VALUE:
        raise TagLimitExceeded(
            f"the session tag {key} has {len(value)} characters; {MAXIMUM_TAG_VALUE} are allowed",
            remedy="Send fewer or shorter names, or send the groups as a multi-valued attribute instead of a tag.",
        )
    for text, part in ((key, "key"), (value, "value")):
        if not (is_plain_text(text) and all(map(_may_stand_in_a_tag, text))):
            raise TagLimitExceeded(f"the {part} of the session tag {key!a} holds a character that no tag may have")


def _may_stand_in_a_tag(char: str) -> bool:
    return char in _TAG_PUNCTUATION or unicodedata.category(char)[0] in "LNZ"
