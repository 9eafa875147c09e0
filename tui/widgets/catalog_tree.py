"""The catalog: what one may read in full, what one may not greyed, with the database role that would open it."""

from dataclasses import dataclass

from rich.text import Text
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from tui.core.relations import ColumnInfo, Relation, RelationKind, Schema
from tui.core.terminal import one_line

_KINDS = {
    RelationKind.TABLE: "▦",
    RelationKind.PARTITIONED_TABLE: "▦",
    RelationKind.VIEW: "◫",
    RelationKind.MATERIALIZED_VIEW: "◫",
    RelationKind.FOREIGN_TABLE: "⇄",
}
_EXPLAINED = 20
"""Relations a schema for which the broker is asked at once; others when one looks at them."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a node stands for; a schema has no relation, a relation no column."""

    schema: str
    relation: str = ""
    column: str = ""
    readable: bool = True


class CatalogTree(Tree[Place]):
    """Schemas, relations, columns."""

    DEFAULT_CSS = "CatalogTree { background: $surface; padding: 0; }"

    @dataclass
    class RoleWanted(Message):
        """One wants to know which role would open a relation."""

        schema: str
        relation: str

    @dataclass
    class NameChosen(Message):
        """One wants a name in the editor."""

        place: Place

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__("catalog", id=id, classes=classes)
        self.show_root = False
        self.guide_depth = 2
        self._columns: dict[tuple[str, str], list[ColumnInfo]] = {}
        self._relations: dict[tuple[str, str], Relation] = {}
        self._schemas: dict[str, Schema] = {}
        self._openers: dict[tuple[str, str], tuple[str, ...]] = {}

    def fill(self, schemas: tuple[Schema, ...], columns: list[ColumnInfo]) -> None:
        """Show another catalog; what was open stays open."""
        opened = {node.data.schema for node in self.root.children if node.data and node.is_expanded}
        self._schemas = {schema.name: schema for schema in schemas}
        self._relations = {(schema.name, one.name): one for schema in schemas for one in schema.relations}
        self._columns = {}
        for column in columns:
            self._columns.setdefault((column.schema, column.relation), []).append(column)
        self._openers = {}
        self.clear()
        few = sum(len(schema.relations) for schema in schemas) <= _EXPLAINED
        for schema in sorted(schemas, key=lambda one: (not _readable(one), one.name)):
            node = self.root.add(self._label(schema.name), Place(schema.name, readable=_readable(schema)))
            if schema.name in opened or few:
                node.expand()
        for schema in schemas[:_EXPLAINED]:
            if not schema.usable and schema.relations:
                self.post_message(self.RoleWanted(schema.name, schema.relations[0].name))

    def opened_by(self, schema: str, relation: str, roles: tuple[str, ...]) -> None:
        """Which roles would open a relation."""
        self._openers[schema, relation] = roles
        for node in self.root.children:
            if node.data and node.data.schema == schema:
                node.set_label(self._label(schema))
                for child in node.children:
                    if child.data and child.data.relation == relation:
                        child.set_label(self._label(schema, relation))

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Place]) -> None:
        place, node = event.node.data, event.node
        if place is None or node.children:
            return
        if not place.relation:
            self._add_relations(node, place.schema)
        elif not place.column:
            for column in self._columns.get((place.schema, place.relation), []):
                label = Text.assemble(one_line(column.name), " ", (one_line(column.type), "dim"))
                if not column.can_select:
                    label.stylize("dim strike")
                node.add_leaf(label, Place(place.schema, place.relation, column.name, column.can_select))

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Place]) -> None:
        place = event.node.data
        if place is None or place.readable or (place.schema, place.relation) in self._openers:
            return
        if place.relation and not place.column:
            self.post_message(self.RoleWanted(place.schema, place.relation))

    def on_tree_node_selected(self, event: Tree.NodeSelected[Place]) -> None:
        if event.node.data is not None and event.node.data.relation:
            self.post_message(self.NameChosen(event.node.data))

    def _add_relations(self, node: TreeNode[Place], name: str) -> None:
        schema, asked = self._schemas[name], 0
        for one in schema.relations:
            readable = schema.usable and one.can_select_some
            node.add(self._label(name, one.name), Place(name, one.name, readable=readable))
            if not readable and asked < _EXPLAINED and (name, one.name) not in self._openers:
                asked += 1
                self.post_message(self.RoleWanted(name, one.name))

    def _label(self, schema: str, relation: str = "") -> Text:
        if not relation:
            found = self._schemas[schema]
            roles = next(
                (self._openers[schema, one.name] for one in found.relations if (schema, one.name) in self._openers), ()
            )
            return _label(schema, readable=_readable(found), roles=() if found.usable else roles)
        one, usable = self._relations[schema, relation], self._schemas[schema].usable
        text = f"{_KINDS[one.kind]} {relation}"
        label = _label(text, readable=usable and one.can_select_some, roles=self._openers.get((schema, relation), ()))
        if usable and one.can_select_some and not one.can_select:
            label.append(" some columns", "italic dim")
        if one.row_security and one.can_select_some:
            label.append(" some rows", "italic dim")
        return label


def _readable(schema: Schema) -> bool:
    return schema.usable and (not schema.relations or any(one.can_select_some for one in schema.relations))


def _label(text: str, *, readable: bool, roles: tuple[str, ...]) -> Text:
    if readable:
        return Text(one_line(text))
    label = Text(one_line(text), "dim")
    if roles:
        label.append(one_line(f"  needs {' or '.join(roles)}"), "not dim italic yellow")
    return label
