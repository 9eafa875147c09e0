"""The connection: how it stands, what lies behind it, and what one may do there."""

from dataclasses import replace
from typing import Final

from tui.commands import Command
from tui.core.told import Link, LinkChanged, Notice, Said
from tui.messages import CatalogCame, IdentityCame, OpenersCame, WorkbenchTold
from tui.parts.bench import Bench
from tui.widgets.catalog_tree import CatalogTree

CONNECTING: Final = (
    Command("toggle_catalog", "Catalog", "Show or hide what lies in the database", "f2", "Catalog"),
    Command("access", "My access", "Who you are here, and what you may do", "f4", "My access"),
    Command("connect(False)", "Connect", "Again, with your rights as they are now"),
    Command("connect(True)", "Connect to another database", "Choose among those that you may use"),
)


class Connecting(Bench):
    """What is told about the connection, and asked of it."""

    def on_workbench_told(self, message: WorkbenchTold) -> None:
        match message.told:
            case Notice() as notice:
                self.results.notice(notice)
            case Said(text, severity):
                self.results.say(text, "yellow" if severity == "warning" else "")
                self.notify(text, severity=severity, timeout=10)  # type: ignore[arg-type]
            case LinkChanged(link, text):
                self._link_changed(link, text)
        self.tick()

    def _link_changed(self, link: Link, text: str) -> None:
        if text:
            self.results.say(text, "bold red" if link in (Link.LOST, Link.REFUSED) else "green")
            self.notify(text, severity="error" if link is Link.REFUSED else "warning", timeout=10)
        if link is Link.CONNECTED:
            self.conductor.load_catalog()
            self.conductor.warm()

    def action_connect(self, choose: bool = False) -> None:
        self.conductor.connect(choose=choose, fresh=True)

    # --- catalog -------------------------------------------------------------------------------------------------

    def on_catalog_came(self, message: CatalogCame) -> None:
        if message.problem:
            self.results.say(message.problem, "yellow")
            return
        self.schemas = message.schemas
        self.query_one(CatalogTree).fill(message.schemas, message.columns)

    def on_catalog_tree_role_wanted(self, message: CatalogTree.RoleWanted) -> None:
        self.conductor.openers(message.schema, message.relation)

    def on_openers_came(self, message: OpenersCame) -> None:
        self.query_one(CatalogTree).opened_by(message.schema, message.relation, message.roles)

    def action_toggle_catalog(self) -> None:
        tree = self.query_one(CatalogTree)
        tree.display = not tree.display
        self.wsql.prefer(replace(self.wsql.preferences, catalog=tree.display))

    # --- access --------------------------------------------------------------------------------------------------

    def action_access(self) -> None:
        self.conductor.my_access()

    def on_identity_came(self, message: IdentityCame) -> None:
        from tui.screens.views import AccessView

        access = self.conductor.workbench.access
        login = access.logins.granted if access is not None and access.logins is not None else None
        self.app.push_screen(AccessView(message.identity, login, self.schemas, message.problem))
