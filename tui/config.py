"""Where wsql keeps its files, and what the person prefers."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

APPLICATION: Final = "warehouse-access-broker"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the person chose inside the program.

    Attributes:
        catalog: is shown.
        keys: of the editor: standard, vi, emacs.
        keyword_case: what completion and formatting write: auto, lower, upper.
        completes: candidates come by themselves.
    """

    theme: str = "textual-dark"
    catalog: bool = True
    keys: str = "standard"
    keyword_case: str = "auto"
    completes: bool = True


@dataclass(frozen=True, slots=True)
class Home:
    """The files of one person.

    Attributes:
        folder: what the program keeps.
        settings: the folder of what the person writes; None: the same.
    """

    folder: Path
    settings: Path | None = None

    @property
    def options(self) -> Path:
        """What the person, or who set up the machine, wrote (see `tui.core.options`)."""
        return (self.settings or self.folder) / "wsql.toml"

    @property
    def snippets(self) -> Path:
        """What the person wrote to be inserted again and again."""
        return (self.settings or self.folder) / "snippets.toml"

    @property
    def history(self) -> Path:
        """What was run."""
        return self.folder / "history.sqlite"

    @property
    def places(self) -> Path:
        """The database used last at each broker."""
        return self.folder / "places.json"

    def preferences(self) -> Preferences:
        """What the person chose; the defaults where nothing can be read."""
        try:
            text = self._preferences.read_text(encoding="utf-8")
            import json

            content = json.loads(text)
            known = {one.name: content[one.name] for one in fields(Preferences) if one.name in content}
            return Preferences(**known)
        except (OSError, ValueError, TypeError, AttributeError):
            return Preferences()

    def prefer(self, preferences: Preferences) -> None:
        """Keep a choice, if that can be."""
        import json

        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._preferences.write_text(json.dumps(asdict(preferences)), encoding="utf-8")
        except OSError:
            return

    @property
    def _preferences(self) -> Path:
        return self.folder / "preferences.json"


def home() -> Home:
    """The person's own."""
    import platformdirs

    return Home(
        Path(platformdirs.user_state_dir(APPLICATION)) / "wsql", Path(platformdirs.user_config_dir(APPLICATION))
    )
