"""What can go wrong in the demonstration."""

from broker.errors import BrokerError


class DemoUnavailable(BrokerError):
    """The demonstration cannot run on this machine; the text says what is missing."""

    code = "demo-unavailable"
    default_remedy = "Run the broker with a PostgreSQL server of your own: README.md, section `A real warehouse`."


class DemoStoryBroken(BrokerError):
    """A step of the demonstration did not turn out as told."""

    code = "demo-story-broken"
    default_remedy = "Look into the logs in the demonstration's directory (`broker demo --directory D` keeps them)."
