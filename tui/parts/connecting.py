"""The connection: how it stands, what lies behind it, and what one may do there."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from textual.notifications import SeverityLevel

from tui.commands import Command
from tui.parts.bench import Part

if TYPE_CHECKING:
    from tui.core.told import Link
    from tui.messages import CatalogCame, IdentityCame, OpenersCame, WorkbenchTold
    from tui.widgets.catalog_tree import CatalogTree

CONNECTING: Final = (
    Command("toggle_catalog", "Catalog", "Show or hide what lies in the database", "f2", "Catalog"),
    Command("access", "My access", "Who you are here, and what you may do", "f4", "My access"),
    Command("connect(False)", "Connect", "Again, with your rights as they are now; signs you in if need be"),
    Command("connect(True)", "Connect to another database", "Choose among the workgroups and databases you may use"),
    Command("sign_in", "Sign in again", "As somebody else, or for what your groups have become"),
    Command("sign_out", "Sign out", "Ends your session at the broker, and every login that came from it"),
)


class Connecting(Part):
    """What is told about the connection, and asked of it."""

    def on_workbench_told(self, message: "WorkbenchTold") -> None:
        from tui.core.told import LinkChanged, Notice, Notification, Said, Wrote

        match message.told:
            case Notice() as notice:
                self.results.notice(notice)
            case Said(text, severity):
                self.results.say(text, {"warning": "yellow", "error": "bold red"}.get(severity, ""))
                if severity != "quiet":
                    self.notify(text, severity=severity, timeout=10)  # type: ignore[arg-type]
            case Wrote(text):
                self.results.say(text)
            case Notification() as notification:
                text = f"{notification.channel}: {notification.payload}".removesuffix(": ")
                self.results.say(f"NOTIFY from process {notification.pid}  {text}", "magenta")
                self.notify(text, title="Notification")
            case LinkChanged(link, text):
                self._link_changed(link, text)
        self.tick()

    def _link_changed(self, link: "Link", text: str) -> None:
        from tui.core.told import Link

        if text:
            self.results.say(text, "bold red" if link in (Link.LOST, Link.REFUSED) else "green")
            severity: SeverityLevel = "error" if link is Link.REFUSED else "warning"
            self.notify(text, severity=severity, timeout=10)
        for feed in self.results.feeds:
            self.results.came(feed)
        if link is Link.CONNECTED:
            self.conductor.load_catalog()
            self.conductor.warm()

    def action_connect(self, choose: bool) -> None:
        self._unless_open("Connect anew?", lambda: self.conductor.connect(choose=choose, fresh=True))

    def action_sign_in(self) -> None:
        self._unless_open("Sign in again?", self.conductor.sign_in)

    def action_sign_out(self) -> None:
        self._unless_open("Sign out?", self.conductor.sign_out)

    def _unless_open(self, title: str, act: Callable[[], object]) -> None:
        """Do it, but ask before an open transaction would be lost by it."""
        from tui.screens.dialogs import Confirm

        if not self.conductor.workbench.transaction_open:
            act()
            return

        def decided(yes: object) -> None:
            if yes:
                act()

        lines = ["A transaction is open. A new connection rolls it back.", "Your texts and results are kept."]
        self.app.push_screen(Confirm(title, lines, "Roll back", "Stay"), decided)

    # --- catalog -------------------------------------------------------------------------------------------------

    def on_catalog_came(self, message: "CatalogCame") -> None:
        if message.problem:
            self.results.say(message.problem, "yellow")
            return
        self.schemas, self.columns = message.schemas, message.columns
        self.catalog.fill(message.schemas, message.columns)

    def on_catalog_tree_role_wanted(self, message: "CatalogTree.RoleWanted") -> None:
        self.conductor.openers(message.schema, message.relation)

    def on_openers_came(self, message: "OpenersCame") -> None:
        self.catalog.opened_by(message.schema, message.relation, message.roles)

    def action_toggle_catalog(self) -> None:
        tree = self.catalog
        tree.display = not tree.display
        if not self.narrow:
            self.wsql.prefer(replace(self.wsql.preferences, catalog=tree.display))

    # --- access --------------------------------------------------------------------------------------------------

    def action_access(self) -> None:
        self.conductor.my_access()

    def on_identity_came(self, message: "IdentityCame") -> None:
        from tui.screens.views import AccessView

        access = self.conductor.workbench.access
        login = access.logins.granted if access is not None and access.logins is not None else None
        self.app.push_screen(AccessView(message.identity, login, self.schemas, message.problem))
