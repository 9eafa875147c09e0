"""Keys in the order in which they were pressed.

Textual runs a widget's bindings once the key has bubbled up to the application, and inserts characters before that.
What comes in one piece (over SSH, under load, from somebody who types fast) would be done in another order: `ab`,
Backspace, `c` would become `ab`.
"""

from textual import events
from textual.widget import Widget


async def press_in_order(widget: Widget, event: events.Key) -> bool:
    """Do what the widget's own binding says of the key, now; tells whether there is one."""
    for binding in widget._bindings.key_to_bindings.get(event.key, ()):
        if not binding.priority and await widget.app.run_action(binding.action, widget):
            event.stop()
            event.prevent_default()
            return True
    return False
