"""What can go wrong with service tokens and signed requests; the rest of the sessions' errors is in `broker.errors`."""

from broker.errors import BrokerError, OAuthInvalidClient, SessionError


class ServiceTokenRefused(OAuthInvalidClient):
    """The service token is unknown, was revoked, or has ended."""

    code = "service-token-refused"
    default_remedy = "Ask the administrator for a new one: `broker service-token create`."


class ServiceTokenInvalid(BrokerError):
    """A service token can't be made as it was asked for; the text names what does not fit."""

    code = "service-token-invalid"
    default_remedy = "Correct what is named; `broker service-token create --help` says what is needed."


class ServiceTokenUnknown(BrokerError):
    """There is no service token of that id, nor any of that name."""

    code = "service-token-unknown"
    default_remedy = "`broker service-token list` shows all of them."


class SignatureIncomplete(SessionError):
    """A request to the AWS-compatible face lacks a part of its signature, has it twice, or signs too little."""

    code = "signature-incomplete"
    default_remedy = "Sign with Signature Version 4 and the broker's session credentials, as AWS clients do."


class SignatureInvalid(SessionError):
    """A request to the AWS-compatible face was changed, or signed with another secret, or too long ago."""

    code = "signature-invalid"
    default_remedy = "Fetch the session credentials anew, and let nothing change signed requests on their way."


class OperationUnknown(BrokerError):
    """The AWS-compatible face has no such operation."""

    code = "operation-unknown"
    default_remedy = "Use GetCredentials or GetWorkgroup of Redshift Serverless."
