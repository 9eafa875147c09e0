"""Opens the store: connects, brings its tables up to date, and puts its parts together."""

from broker.store.audit import SqlAuditLog
from broker.store.authorization_codes import SqlAuthorizationCodes
from broker.store.device_grants import SqlDeviceGrants
from broker.store.engine import Database
from broker.store.generations import SqlGenerations
from broker.store.leases import SqlLeases
from broker.store.migrate import migrate
from broker.store.model import Store
from broker.store.pending_logins import SqlPendingLogins
from broker.store.people import SqlPeople
from broker.store.service_tokens import SqlServiceTokens
from broker.store.sessions import SqlSessions
from broker.store.turns import SqlTurns
from broker.store.used_assertions import SqlUsedAssertions
from broker.sts.keys import KeyRing


def open_store(url: str, ring: KeyRing) -> Store:
    """The store behind `store.url`, its tables up to date.

    Raises:
        ConfigError: the URL is none that the store can use.
        StoreUnavailable: the database does not answer.
        StoreTooNew: a newer broker has changed the tables.
    """
    database = Database.connect(url)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    pending_logins = SqlPendingLogins(database)
    authorization_codes = SqlAuthorizationCodes(database, ring)
    device_grants = SqlDeviceGrants(database, ring)
    used_assertions = SqlUsedAssertions(database)
    sessions, service_tokens = SqlSessions(database), SqlServiceTokens(database)
    return Store(
        pending_logins=pending_logins,
        authorization_codes=authorization_codes,
        device_grants=device_grants,
        used_assertions=used_assertions,
        sessions=sessions,
        service_tokens=service_tokens,
        leases=SqlLeases(database),
        turns=SqlTurns(database),
        people=SqlPeople(database),
        generations=SqlGenerations(database, ring),
        audit=SqlAuditLog(database),
        expiring=(pending_logins, authorization_codes, device_grants, used_assertions, sessions, service_tokens),
        ping=database.ping,
        close=database.close,
    )
