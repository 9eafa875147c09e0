"""The terminal SQL client; tui.core runs SQL without Textual."""
