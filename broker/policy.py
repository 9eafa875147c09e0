"""The policy in force: read from its file, or from the workgroups' own lists, and replaced while the broker runs."""

import logging
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final

from broker.audit import AuditEvent, AuditLog, AuditRecord, Detail
from broker.config.model import Config, WorkgroupConfig
from roles.decision import Decision
from roles.errors import PolicyInvalid
from roles.names import MAXIMUM_BYTES, REDSHIFT_MAXIMUM_BYTES, DatabaseUserName, parse_database_user
from roles.policy import Policy, Scope, policy_of_lists
from roles.policy_document import parse_policy

LARGEST_FILE: Final = 4 * 1024 * 1024
_LOG: Final = logging.getLogger(__name__)


def scope_of(workgroup: WorkgroupConfig) -> Scope:
    """The workgroup as the policy sees it."""
    longest = maximum_name_bytes(workgroup)
    return Scope(workgroup.name, workgroup.databases, workgroup.privileged_database_roles, longest)


def maximum_name_bytes(workgroup: WorkgroupConfig) -> int:
    """The longest name that the workgroup's warehouse keeps."""
    return REDSHIFT_MAXIMUM_BYTES if workgroup.is_redshift else MAXIMUM_BYTES


def database_user_of(raw_name: str, workgroup: WorkgroupConfig) -> DatabaseUserName:
    """The database user that an asserted name means in this workgroup.

    Raises:
        RolesError: the name is refused.
    """
    return parse_database_user(
        raw_name,
        fold=workgroup.fold_database_user,
        alias_prefix=workgroup.alias_prefix,
        maximum_bytes=maximum_name_bytes(workgroup),
    )


def limited(workgroup: WorkgroupConfig, decision: Decision) -> WorkgroupConfig:
    """The workgroup with the limits that its policy sets for one person; the stricter of both holds."""
    longest = min(workgroup.maximum_duration, decision.maximum_duration or workgroup.maximum_duration)
    return replace(
        workgroup,
        maximum_duration=longest,
        default_duration=min(workgroup.default_duration, longest),
        minimum_duration=min(workgroup.minimum_duration, longest),
        connection_limit=min(workgroup.connection_limit, decision.connection_limit or workgroup.connection_limit),
    )


def list_policy(workgroups: Iterable[WorkgroupConfig]) -> Policy:
    """What the workgroups' own lists mean."""
    lists = (policy_of_lists(each.name, each.allow_database_roles, each.deny_database_roles) for each in workgroups)
    return sum(lists, Policy())


def read_policy(config: Config) -> Policy:
    """The policy that the configuration names; what the workgroups' lists deny stays denied beside it.

    Raises:
        PolicyInvalid: the file can't be read, or is not a policy.
    """
    of_lists = list_policy(config.workgroups)
    return of_lists if config.policy_file is None else read_policy_file(config.policy_file) + of_lists


def read_policy_file(path: Path) -> Policy:
    """The policy in one file.

    Raises:
        PolicyInvalid: as `read_policy`; the text begins with the file's path.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise PolicyInvalid(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST_FILE:
        raise PolicyInvalid(f"{path} is larger than {LARGEST_FILE // 1024 // 1024} MiB.")
    try:
        return parse_policy(tomllib.loads(content.decode()))
    except PolicyInvalid as invalid:
        raise PolicyInvalid(f"{path}: {invalid.what}", remedy=invalid.remedy) from None
    except (ValueError, RecursionError) as error:
        raise PolicyInvalid(f"{path} is not TOML: {error}.") from None


class PolicyBook:
    """Holds the policy in force. Thread-safe; a request that began under one policy ends under it."""

    def __init__(self, read: Callable[[], Policy], audit: AuditLog) -> None:
        """Read the first policy.

        Raises:
            PolicyInvalid: there is none, so the broker does not start.
        """
        self._read = read
        self._audit = audit
        self._one_at_a_time = Lock()
        self._current = read()

    def current(self) -> Policy:
        """The policy in force."""
        return self._current

    def reload(self, request_id: str, now: datetime) -> Policy:
        """Read it anew. One that is not good is refused whole: the old one stays in force, and the refusal is audited.

        Raises:
            PolicyInvalid: as `read_policy`.
            StoreUnavailable: the change can't be recorded, so it is not made.
        """
        with self._one_at_a_time:
            try:
                policy = self._read()
            except PolicyInvalid as invalid:
                _LOG.warning("the policy stays as it is: %s", invalid.what)
                detail: dict[str, Detail] = {"what": invalid.what}
                self._audit.record(
                    AuditRecord(AuditEvent.POLICY_REFUSED, now, request_id, code=invalid.code, detail=detail)
                )
                raise
            facts: dict[str, Detail] = {
                "rules": len(policy.rules),
                "denials": len(policy.denials),
                "digest": digest(policy),
                "digest_before": digest(self._current),
            }
            self._audit.record(AuditRecord(AuditEvent.POLICY_LOADED, now, request_id, detail=facts))
            self._current = policy
            _LOG.info("the policy was read: %d rules, %d denials", len(policy.rules), len(policy.denials))
            return policy


def digest(policy: Policy) -> str:
    """Tells one policy from another in the audit."""
    return sha256(repr(policy).encode()).hexdigest()[:16]
