"""What can go wrong in the broker: one root, one stable code a class, two texts.

``saml.errors`` and ``roles.errors`` have roots of the same shape; `Refusal` is that shape. ``broker.http.problems``
is the only place that turns a code into an HTTP status.
"""

from typing import ClassVar, Protocol, runtime_checkable


@runtime_checkable
class Refusal(Protocol):
    """The shape that every error of this product has, whichever package raised it."""

    code: ClassVar[str]
    what: str
    remedy: str


class BrokerError(Exception):
    """Root of the broker's errors.

    Attributes:
        code: stable, lower case with hyphens; documented in docs/errors.md.
        what: what happened, for the person who reads it; never holds a secret.
        remedy: what that person can do.
        retry_after: seconds after which a retry makes sense, or None.
    """

    code: ClassVar[str] = "internal-error"
    default_remedy: ClassVar[str] = "Tell the broker's administrator the reference number."

    def __init__(self, what: str, *, remedy: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy or self.default_remedy
        self.retry_after = retry_after


class ConfigError(BrokerError):
    """The configuration cannot be used; the text names file and key."""

    code = "configuration-invalid"
    default_remedy = "Correct the named key; docs/configuration.md lists every key."


# --- sign-in -------------------------------------------------------------------------------------------------------


class LoginError(BrokerError):
    """A sign-in that cannot go on."""

    code = "login-failed"
    default_remedy = "Start the sign-in again."


class UnknownIdentityProvider(LoginError):
    """No identity provider of that name is configured."""

    code = "identity-provider-unknown"
    default_remedy = "Check the provider's name with the administrator."


class LoginNotPending(LoginError):
    """The sign-in is unknown, already used, or too old."""

    code = "login-not-pending"


class LoginFromAnotherBrowser(LoginError):
    """The response arrived in a browser that did not begin this sign-in (login CSRF)."""

    code = "login-from-another-browser"
    default_remedy = "Start the sign-in again, and finish it in the same browser."


class LoginAtAnotherProvider(LoginError):
    """The response came from another identity provider than the one that was asked (mix-up)."""

    code = "login-at-another-provider"


class AssertionReplayed(LoginError):
    """The identity provider's assertion was used before."""

    code = "assertion-replayed"


class LogoutUnconfirmed(LoginError):
    """The identity provider's answer to a logout could not be accepted; the audit has the reason."""

    code = "logout-unconfirmed"
    default_remedy = (
        "If you ran `broker logout`, your session here ended. Sign out at the provider, or close the browser."
    )


class UnsolicitedLoginRefused(LoginError):
    """A sign-in that the identity provider began, where its configuration does not allow that."""

    code = "unsolicited-login-refused"
    default_remedy = "Start at the broker: run `broker login`."


class AccessRoleRefused(LoginError):
    """No access role that this provider may give was asserted (absent, unknown, or not trusted)."""

    code = "access-role-refused"
    default_remedy = "Ask the administrator to assign you the application's access role."


class DatabaseUserRefused(LoginError):
    """The provider named a database user that its configuration does not let it speak for."""

    code = "database-user-refused"
    default_remedy = "Ask the administrator: `database_users` of the identity provider lists whom it may name."


class StepUpRequired(LoginError):
    """The person signed in in a weaker way, or longer ago, than what they assume requires; the text says which."""

    code = "step-up-required"
    default_remedy = "Sign in again in the named way: with your second factor, or with your password anew."


class SessionTaggingRefused(LoginError):
    """The access role's trust policy does not let this provider tag sessions."""

    code = "session-tagging-refused"
    default_remedy = "Ask the administrator to set `allow_session_tags = true` for the access role."


class PrincipalTagInvalid(LoginError):
    """A principal tag is missing or breaks the limits of the contract; the text names the tag."""

    code = "principal-tag-invalid"
    default_remedy = "Ask the identity provider's administrator to correct the named attribute."


# --- OAuth 2.0 (RFC 6749, 7636, 8628) ------------------------------------------------------------------------------


class OAuthError(BrokerError):
    """A token endpoint's refusal; `oauth_error` is the specification's own word (RFC 6749 5.2)."""

    code = "oauth-invalid-request"
    oauth_error: ClassVar[str] = "invalid_request"
    default_remedy = "Run `broker login` again."


class OAuthInvalidClient(OAuthError):
    """The client is not one of the broker's public clients."""

    code = "oauth-invalid-client"
    oauth_error = "invalid_client"


class OAuthInvalidGrant(OAuthError):
    """The code or device code is unknown, used, expired, or its verifier does not fit (RFC 7636 4.6)."""

    code = "oauth-invalid-grant"
    oauth_error = "invalid_grant"


class OAuthUnsupportedGrant(OAuthError):
    """The grant type is none that the broker offers."""

    code = "oauth-unsupported-grant-type"
    oauth_error = "unsupported_grant_type"


class OAuthUnsupportedResponseType(OAuthError):
    """An authorization request asks for something else than a code (RFC 6749 4.1.2.1)."""

    code = "oauth-unsupported-response-type"
    oauth_error = "unsupported_response_type"


class OAuthRedirectRefused(OAuthError):
    """The client or its redirect URI can't be trusted, so the person is told here and never sent on (4.1.2.1)."""

    code = "oauth-redirect-refused"
    default_remedy = "Start the sign-in from your client again; a redirect must be to http://127.0.0.1 or http://[::1]."


class AuthorizationPending(OAuthError):
    """The person has not finished at the browser (RFC 8628 3.5)."""

    code = "oauth-authorization-pending"
    oauth_error = "authorization_pending"
    default_remedy = "Finish the sign-in in the browser."


class SlowDown(OAuthError):
    """The client polls faster than it was told (RFC 8628 3.5)."""

    code = "oauth-slow-down"
    oauth_error = "slow_down"


class DeviceCodeExpired(OAuthError):
    """The device code ended before the person signed in (RFC 8628 3.5)."""

    code = "oauth-expired-token"
    oauth_error = "expired_token"


class DeviceAccessDenied(OAuthError):
    """The person, or the identity provider, refused the device's sign-in (RFC 8628 3.5)."""

    code = "oauth-access-denied"
    oauth_error = "access_denied"


# --- session credentials -------------------------------------------------------------------------------------------


class SessionError(BrokerError):
    """Session credentials that are not good (any more)."""

    code = "session-invalid"
    default_remedy = "Sign in again: run `broker login`."


class SessionExpired(SessionError):
    """The session came to its end."""

    code = "session-expired"


class SessionRevoked(SessionError):
    """The session was ended by a logout or an administrator."""

    code = "session-revoked"


class SessionSuperseded(SessionRevoked):
    """A later sign-in of the same person asserted other rights; the latest accepted assertion counts."""

    code = "session-superseded"
    default_remedy = "Sign in again, to have what your identity provider says of you now: run `broker login`."


class KeyRingUnusable(BrokerError):
    """The key ring cannot be read, or others could read it."""

    code = "key-ring-unusable"
    default_remedy = (
        "Check the file named in `keys.file`: it must exist, be yours, and have mode 0600 (`broker keys init`)."
    )


# --- database credentials ------------------------------------------------------------------------------------------


class CredentialError(BrokerError):
    """A request for database credentials that cannot be met."""

    code = "credentials-refused"


class RequestMalformed(CredentialError):
    """A request body or parameter that is not what the interface takes."""

    code = "request-malformed"
    default_remedy = "Correct the named field."


class RequestTooLarge(RequestMalformed):
    """A request body over the limit."""

    code = "request-too-large"


class TooManyRequests(BrokerError):
    """One address asked, or one person began a session, too often in a short time."""

    code = "too-many-requests"
    default_remedy = "Wait a moment, and try again."


class UnknownWorkgroup(CredentialError):
    """No workgroup of that name is configured (or the person may not know of it)."""

    code = "workgroup-unknown"
    default_remedy = "List the workgroups that you may use with `broker whoami`."


class WorkgroupNeeded(CredentialError):
    """A command does not name its workgroup, where several are configured."""

    code = "workgroup-needed"
    default_remedy = "Name one of them: `broker drift NAME`, and with --workgroup for the other commands."


class UnknownDatabase(CredentialError):
    """The workgroup does not offer that database."""

    code = "database-unknown"
    default_remedy = "List the databases that you may use with `broker whoami`."


class AdministratorNeeded(CredentialError):
    """A question about somebody else, from an access role that is no administrator's."""

    code = "administrator-needed"
    default_remedy = "Ask about yourself, or ask an administrator: `administrator = true` of an access role makes one."


class BadDuration(CredentialError):
    """The duration lies outside the workgroup's limits."""

    code = "duration-out-of-range"
    default_remedy = "Ask for a duration within the named limits."


class DatabaseUserTaken(CredentialError):
    """Another person already has this database user name."""

    code = "database-user-taken"
    default_remedy = "Ask the administrator: two people at the identity provider map to one database user."


class PersonUnknown(CredentialError):
    """Nobody of that name has had a database login here, and no role of the warehouse has it."""

    code = "person-unknown"
    default_remedy = (
        "Name the person's subject at the identity provider, or the database user; `broker audit` shows both."
    )


class PersonAmbiguous(CredentialError):
    """A name that means several people."""

    code = "person-ambiguous"
    default_remedy = "Name the subject, and the identity provider with --identity-provider."


class WarehouseUnavailable(CredentialError):
    """The warehouse does not answer, or its breaker is open after repeated failures."""

    code = "warehouse-unavailable"
    default_remedy = "Try again shortly; your sign-in stays valid."


class WarehouseBusy(WarehouseUnavailable):
    """The warehouse answers, but something held the change up for too long: a lock, or others at the same roles."""

    code = "warehouse-busy"


class WarehouseOutcomeUnknown(WarehouseUnavailable):
    """The warehouse went away during a change; the broker finds out whether it was made, and ends what was."""

    code = "warehouse-outcome-unknown"


class WarehouseRefused(CredentialError):
    """The warehouse refused a change that the broker must make; the text names what its administrator must grant."""

    code = "warehouse-refused"
    default_remedy = "Ask the administrator to run `broker doctor`: it prints the SQL that is missing."


class MetadataUnavailable(BrokerError):
    """An identity provider's metadata cannot be fetched or kept; those that the broker has stay in force."""

    code = "metadata-unavailable"
    default_remedy = "Check `metadata_url`, and the way there; `broker idp refresh` tries again."


class StoreUnavailable(BrokerError):
    """The state store does not answer; nothing was decided."""

    code = "store-unavailable"
    default_remedy = "Try again shortly."


class StoreTooNew(StoreUnavailable):
    """A newer broker has changed the state store's tables."""

    code = "store-too-new"
    default_remedy = "Run the newest broker on this store everywhere, or restore the store from before the upgrade."


def refusal_classes() -> list[type[BrokerError]]:
    """Every error class of the broker, root first, for docs/errors.md and its test."""

    def below(cls: type[BrokerError]) -> list[type[BrokerError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in below(sub))]

    return below(BrokerError)
