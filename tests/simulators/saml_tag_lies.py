"""Injection: what a provider signs, perhaps because somebody typed it into their profile, and what must not come of it.

Each lie changes the attributes of `tests.simulators.sign_in.ETHAN`. The sign-in refuses most of them; a name that only
a warehouse cannot have is refused when credentials are asked for (`AT_CREDENTIALS`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broker.config.model import AWS_ATTRIBUTES
from broker.errors import AccessRoleRefused, BrokerError, PrincipalTagInvalid
from roles import errors as roles
from saml import errors
from tests.simulators.sign_in import ETHAN, PROVIDER_ARN, ROLE_ARN

TAG = AWS_ATTRIBUTES + "PrincipalTag:"
USER, ROLES = TAG + "RedshiftDbUser", TAG + "RedshiftDbRoles"
_ROLE, _SESSION_NAME = AWS_ATTRIBUTES + "Role", AWS_ATTRIBUTES + "RoleSessionName"
_DURATION, _TRANSITIVE = AWS_ATTRIBUTES + "SessionDuration", AWS_ATTRIBUTES + "TransitiveTagKeys"

Pairs = tuple[tuple[str, tuple[str, ...]], ...]
Refusal = type[errors.SamlError] | type[BrokerError] | type[roles.RolesError]


@dataclass(frozen=True, slots=True)
class TagLie:
    """Attributes as the provider signs them, and the refusal that they must meet."""

    attributes: Pairs
    refusal: Refusal


def told(refusal: Refusal, changes: Mapping[str, str | Sequence[str] | None], *, beside: Pairs = ()) -> TagLie:
    """Ethan's attributes with `changes` (None: absent), and more Attribute elements `beside` them."""
    stated = {name: value for name, value in {**ETHAN, **changes}.items() if value is not None}
    pairs = tuple((name, (value,) if isinstance(value, str) else tuple(value)) for name, value in stated.items())
    return TagLie(pairs + beside, refusal)


# --- characters that are refused wherever they stand ---------------------------------------------------------------

_HIDING = {
    "a line end": "\n",
    "a tab": "\t",
    "a carriage return": "\r",
    "a no-break space": "\u00a0",
    "an ideographic space": "\u3000",
    "a zero-width space": "\u200b",
    "a word joiner": "\u2060",
    "a soft hyphen": "\u00ad",
    "an override of direction": "\u202e",
    "an isolate of direction": "\u2066",
    "a line separator": "\u2028",
    "a next-line control": "\u0085",
    "a Hangul filler": "\u3164",
    "a variation selector": "\ufe0f",
    "a grapheme joiner": "\u034f",
    "a private character": "\ue000",
}
_SQL = {
    "a quote": "ethan'--",
    "a double quote": 'ethan"',
    "a semicolon": "ethan;drop",
    "a backslash": "ethan\\",
    "a dollar": "$$ethan",
    "a percent sign": "ethan%s",
    "a brace": "{ethan}",
    "an asterisk": "*",
    "an emoji": "ethan\U0001f600",
}

AT_SIGN_IN = {
    **{
        f"user with {what}": told(PrincipalTagInvalid, {USER: f"ethan{char}@example.com"})
        for what, char in _HIDING.items()
    },
    **{
        f"role with {what}": told(PrincipalTagInvalid, {ROLES: f"sales{char}:finance"})
        for what, char in _HIDING.items()
    },
    **{f"user with {what} in it": told(PrincipalTagInvalid, {USER: name}) for what, name in _SQL.items()},
    **{f"role with {what} in it": told(PrincipalTagInvalid, {ROLES: name}) for what, name in _SQL.items()},
    "no user": told(PrincipalTagInvalid, {USER: None}),
    "empty user": told(PrincipalTagInvalid, {USER: ""}),
    "user without a value": told(PrincipalTagInvalid, {USER: ()}),
    "user of blanks": told(PrincipalTagInvalid, {USER: "   "}),
    "blank before the user": told(PrincipalTagInvalid, {USER: " ethan"}),
    "blank behind the user": told(PrincipalTagInvalid, {USER: "ethan "}),
    "user with a Kelvin sign": told(PrincipalTagInvalid, {USER: "\u212aate"}),
    "user with a Greek question mark": told(PrincipalTagInvalid, {USER: "ethan\u037e"}),
    "user with a Greek varia": told(PrincipalTagInvalid, {USER: "ethan\u1fef"}),
    "two users": told(PrincipalTagInvalid, {USER: ("ethan", "admin")}),
    "one user twice": told(PrincipalTagInvalid, {USER: ("ethan", "ethan")}),
    "a second attribute of the user": told(PrincipalTagInvalid, {}, beside=((USER, ("admin",)),)),
    "a user's tag in lower case beside": told(PrincipalTagInvalid, {}, beside=((TAG + "redshiftdbuser", ("admin",)),)),
    "a tag with a blank behind": told(PrincipalTagInvalid, {}, beside=((TAG + "RedshiftDbUser ", ("admin",)),)),
    "a tag with a no-break space": told(PrincipalTagInvalid, {}, beside=((TAG + "RedshiftDb\u00a0User", ("admin",)),)),
    "a tag without a key": told(PrincipalTagInvalid, {}, beside=((TAG, ("admin",)),)),
    "a tag of a long key": told(PrincipalTagInvalid, {}, beside=((TAG + "k" * 129, ("x",)),)),
    "a tag of a long value": told(PrincipalTagInvalid, {}, beside=((TAG + "k", ("x" * 257,)),)),
    "fifty-one tags": told(PrincipalTagInvalid, {}, beside=tuple((f"{TAG}k{i}", ("x",)) for i in range(49))),
    "user over every limit": told(PrincipalTagInvalid, {USER: "e" * 257}),
    "empty roles": told(PrincipalTagInvalid, {ROLES: ""}),
    "a blank role": told(PrincipalTagInvalid, {ROLES: "sales: :finance"}),
    "a blank before a role": told(PrincipalTagInvalid, {ROLES: "sales: finance"}),
    "a blank behind a role": told(PrincipalTagInvalid, {ROLES: "sales :finance"}),
    "roles as two values": told(PrincipalTagInvalid, {ROLES: ("sales", "finance")}),
    "a second attribute of the roles": told(PrincipalTagInvalid, {}, beside=((ROLES, ("superuser",)),)),
    "roles over every limit": told(PrincipalTagInvalid, {ROLES: ":".join(["sales"] * 60)}),
    "no session name": told(PrincipalTagInvalid, {_SESSION_NAME: None}),
    "session name of one letter": told(PrincipalTagInvalid, {_SESSION_NAME: "e"}),
    "session name of 65 letters": told(PrincipalTagInvalid, {_SESSION_NAME: "e" * 65}),
    "session name with a blank": told(PrincipalTagInvalid, {_SESSION_NAME: "ethan lee"}),
    "session name with a colon": told(PrincipalTagInvalid, {_SESSION_NAME: "ethan:lee"}),
    "session name with a line end": told(PrincipalTagInvalid, {_SESSION_NAME: "ethan\n"}),
    "session name of look-alikes": told(PrincipalTagInvalid, {_SESSION_NAME: "\u0435than@example.com"}),
    "session name of markup": told(PrincipalTagInvalid, {_SESSION_NAME: "<script>"}),
    "session too short": told(PrincipalTagInvalid, {_DURATION: "899"}),
    "session too long": told(PrincipalTagInvalid, {_DURATION: "43201"}),
    "session of minus": told(PrincipalTagInvalid, {_DURATION: "-3600"}),
    "session in other digits": told(PrincipalTagInvalid, {_DURATION: "\u0663\u0666\u0660\u0660"}),
    "session in hexadecimal": told(PrincipalTagInvalid, {_DURATION: "0xE10"}),
    "session as a power": told(PrincipalTagInvalid, {_DURATION: "9e2"}),
    "session of words": told(PrincipalTagInvalid, {_DURATION: "PT1H"}),
    "session twice": told(PrincipalTagInvalid, {_DURATION: ("900", "3600")}),
    "transitive key of no tag": told(PrincipalTagInvalid, {_TRANSITIVE: ("Nobody",)}),
    "no access role": told(AccessRoleRefused, {_ROLE: None}),
    "another access role": told(AccessRoleRefused, {_ROLE: f"{ROLE_ARN}2,{PROVIDER_ARN}"}),
    "access role in upper case": told(AccessRoleRefused, {_ROLE: f"{ROLE_ARN.upper()},{PROVIDER_ARN}"}),
    "access role without a provider": told(AccessRoleRefused, {_ROLE: ROLE_ARN}),
    "access role twice for a provider": told(AccessRoleRefused, {_ROLE: f"{ROLE_ARN},{ROLE_ARN}"}),
    "three halves of an access role": told(AccessRoleRefused, {_ROLE: f"{ROLE_ARN},{PROVIDER_ARN},{PROVIDER_ARN}"}),
    "two providers and no access role": told(AccessRoleRefused, {_ROLE: f"{PROVIDER_ARN},{PROVIDER_ARN}"}),
    "access role of look-alikes": told(
        AccessRoleRefused, {_ROLE: f"{ROLE_ARN.replace('a', chr(0x430))},{PROVIDER_ARN}"}
    ),
}

AT_CREDENTIALS = {
    "user of look-alikes": told(roles.DatabaseUserNameInvalid, {USER: "\u0435than@example.com"}),
    "user in full width": told(roles.DatabaseUserNameInvalid, {USER: "\uff45\uff54\uff48\uff41\uff4e"}),
    "user with an accent": told(roles.DatabaseUserNameInvalid, {USER: "\u00e9than"}),
    "user with a dotless i": told(roles.DatabaseUserNameInvalid, {USER: "adm\u0131n"}),
    "user with a colon": told(roles.DatabaseUserNameInvalid, {USER: "ethan:admin"}),
    "user with a slash": told(roles.DatabaseUserNameInvalid, {USER: "ethan/admin"}),
    "user with a blank inside": told(roles.DatabaseUserNameInvalid, {USER: "ethan lee"}),
    "user that begins with a digit": told(roles.DatabaseUserNameInvalid, {USER: "1ethan"}),
    "user that begins with a sign": told(roles.DatabaseUserNameInvalid, {USER: "-ethan"}),
    "user of 64 letters": told(roles.DatabaseUserNameTooLong, {USER: "e" * 64}),
    "user public": told(roles.DatabaseUserNameReserved, {USER: "public"}),
    "user PUBLIC": told(roles.DatabaseUserNameReserved, {USER: "PUBLIC"}),
    "user current_user": told(roles.DatabaseUserNameReserved, {USER: "current_user"}),
    "user pg_read_all_data": told(roles.DatabaseUserNameReserved, {USER: "pg_read_all_data"}),
    "user that is a login alias": told(roles.DatabaseUserNameReserved, {USER: "bk_" + "a" * 20}),
    "no roles": told(roles.NoDatabaseRole, {ROLES: None}),
    "only a colon": told(roles.NoDatabaseRole, {ROLES: ":"}),
    "only colons": told(roles.NoDatabaseRole, {ROLES: ":" * 256}),
    "empty parts around a role that nobody allows": told(roles.NoDatabaseRole, {ROLES: "::superuser:"}),
    "role of look-alikes": told(roles.NoDatabaseRole, {ROLES: "s\u0430les"}),
    "role in full width": told(roles.NoDatabaseRole, {ROLES: "\uff53\uff41\uff4c\uff45\uff53"}),
    "role in upper case": told(roles.NoDatabaseRole, {ROLES: "SALES"}),
    "role public": told(roles.NoDatabaseRole, {ROLES: "public"}),
    "role none": told(roles.NoDatabaseRole, {ROLES: "none"}),
    "role pg_write_all_data": told(roles.NoDatabaseRole, {ROLES: "pg_write_all_data"}),
    "role of 64 letters": told(roles.NoDatabaseRole, {ROLES: "s" * 64}),
    "role with more behind": told(roles.NoDatabaseRole, {ROLES: "sales2"}),
    "role that nobody allows": told(roles.NoDatabaseRole, {ROLES: "superuser"}),
    "roles as one name": told(roles.NoDatabaseRole, {ROLES: "sales/finance"}),
}
