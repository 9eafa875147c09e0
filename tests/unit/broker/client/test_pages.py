import base64
import hashlib
import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from broker.client import pages


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("<>&\"'")))
def test_texts_stay_texts(text: str) -> None:
    tags = Tags()
    tags.feed(pages.failed(text, text).html().decode())
    assert tags.seen == ["html", "head", "meta", "meta", "title", "style", "body", "main", "h1", "p", "p"]


def test_markup_is_escaped() -> None:
    tags = Tags()
    tags.feed(pages.failed("<script>alert(1)</script>", '"><img src=x>').html().decode())
    assert "<script>alert(1)</script>" in tags.text
    assert {"script", "img"}.isdisjoint(tags.seen)


def test_style_is_the_one_that_the_policy_allows() -> None:
    html = pages.signed_in("ethan").html().decode()
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in pages.HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in pages.HEADERS["Content-Security-Policy"]


def test_reads_well_to_a_screen_reader() -> None:
    html = pages.signed_in("ethan").html().decode()
    assert '<html lang="en">' in html
    assert "<title>You are signed in" in html
    assert html.count("<h1>") == 1
    assert 'role="status"' in html
