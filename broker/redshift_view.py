"""One workgroup's Amazon Redshift, as far as it is only looked at: who is there, and who may use what."""

from broker.credentials.generations import Generations
from broker.redshift_desk import Means, RedshiftDesk
from broker.redshift_turns import held, record_of
from broker.warehouse_calls import check_offered
from roles.census import Membership, StableUser
from roles.chains import AccessMap, AccessTarget
from roles.explain import AccessExplanation
from roles.inspect import AnyConnection
from roles.names import DatabaseRoleName, DatabaseUserName
from roles.records import StableUserRecord
from roles.redshift.access import SOMEBODY, explain_access, read_access_map
from roles.redshift.inspect import all_memberships, mapped_roles, users
from roles.redshift.state import UserFound


class RedshiftView(RedshiftDesk):
    """Joins the warehouse's views with what the store knows: which user is the broker's, and whose."""

    def __init__(self, means: Means, generations: Generations) -> None:
        super().__init__(means)
        self._generations = generations

    def stable_users(self) -> list[StableUser]:
        """Everybody whom the broker made here."""

        def look(connection: AnyConnection) -> tuple[dict[str, UserFound], dict[str, list[str]]]:
            return users(connection), all_memberships(connection)

        found, roles = self._calls.run(look)
        return [
            StableUser(
                DatabaseUserName(each.database_user),
                record_of(each),
                tuple(Membership(DatabaseRoleName(role), SOMEBODY) for role in roles.get(each.database_user, ())),
            )
            for each in self._generations.of_workgroup(self._config.name)
            if held(each, found.get(each.database_user))
        ]

    def explain_access(self, database_user: str, database: str, target: AccessTarget) -> AccessExplanation:
        """Whether the person may, and which database roles would allow it.

        Raises:
            UnknownDatabase: the workgroup does not offer that database.
            PrivilegeUnknown: relations have no such privilege.
        """
        check_offered(self._config, database)

        def work(connection: AnyConnection) -> AccessExplanation:
            found = read_access_map(connection, target, self._records())
            return explain_access(found, database_user, target, mapped_roles(connection, self._reach()).grantable)

        return self._calls.run(work, database=database)

    def access_map(self, database: str, target: AccessTarget) -> AccessMap | None:
        """All that decides about `target`; None if the database has no such relation.

        Raises:
            UnknownDatabase: the workgroup does not offer that database.
            PrivilegeUnknown: relations have no such privilege.
        """
        check_offered(self._config, database)
        return self._calls.run(lambda found: read_access_map(found, target, self._records()), database=database)

    def _records(self) -> dict[str, StableUserRecord]:
        return {each.database_user: record_of(each) for each in self._generations.of_workgroup(self._config.name)}
