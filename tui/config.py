"""Where wsql keeps its files, and what the person prefers."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

APPLICATION: Final = "warehouse-access-broker"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the person chose inside the program.

    Attributes:
        colours: of connections that shall look different, by place (`workgroup/database`).
    """

    theme: str = "textual-dark"
    catalog: bool = True
    colours: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Home:
    """The files of one person."""

    folder: Path

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
            content = json.loads(self._preferences.read_text(encoding="utf-8"))
            colours = tuple((str(place), str(colour)) for place, colour in content.pop("colours", ()))
            return Preferences(**content, colours=colours)
        except (OSError, ValueError, TypeError, AttributeError):
            return Preferences()

    def prefer(self, preferences: Preferences) -> None:
        """Keep a choice, if that can be."""
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

    return Home(Path(platformdirs.user_state_dir(APPLICATION)) / "wsql")
