"""The played browser: it fills in what a page asks, and nothing else."""

import httpx
import pytest

from broker.demo.browser import _form
from broker.demo.errors import DemoStoryBroken

PAGE = """<form action="/search"><input name="q"></form>
<form method="post" action="/sso"><input type="hidden" name="RelayState" value="a&lt;b"><input name="user">
<button name="unnamed">Sign in</button><input type="submit"></form>"""


def test_it_finds_the_form_that_is_posted_with_its_values():
    form = _form("http://localhost/", httpx.Response(200, text=PAGE))
    assert (form.action, form.method) == ("/sso", "POST")
    assert form.filled_in() == {"RelayState": "a<b", "user": ""}


@pytest.mark.parametrize("page", [None, httpx.Response(500, text=PAGE), httpx.Response(200, text="nothing")])
def test_a_page_without_a_form_breaks_the_story(page):
    with pytest.raises(DemoStoryBroken):
        _form("http://localhost/?secret", page)
