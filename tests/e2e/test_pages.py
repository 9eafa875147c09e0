"""What every page is to a person, by eye, keyboard or screen reader; and to a browser: no script at all.

The checks are those of WCAG 2.2 that a program can make; the pages were looked at, too.
"""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from broker.clock import utc_now
from saml.authn_request import new_request_id
from tests.simulators.identity_provider import SimulatedIdentityProvider
from tests.simulators.saml_keys import KeyPair
from tests.simulators.single_logout import message, redirect_query

pytestmark = [pytest.mark.browser, pytest.mark.integration]

PAGES = {
    "home": ("/", "Sign in once"),
    "device": ("/device", "Connect a machine"),
    "device, unknown code": ("/device?user_code=BCDF-GHJK", "Connect a machine"),
    "signed out": ("", "You are signed out"),  # a logout that the provider signs, each time anew
    "failure": ("/saml/demo/slo", "That did not work"),
    "logout that nobody confirms": ("/saml/demo/slo?SAMLResponse=x", "That did not work"),
    "not found": ("/nowhere", "That did not work"),
}


def address(stage, path):
    """Of the page; the provider ends a session where `path` is empty."""
    if path:
        return stage.broker_url + path
    provider = stage.directory / "identity-provider"
    keys = KeyPair((provider / "signing.key").read_text(), (provider / "signing.crt").read_text())
    slo_url = f"{stage.broker_url}/saml/demo/slo"
    issuer = SimulatedIdentityProvider(f"{stage.provider_url}/metadata", "")
    text = message(issuer, slo_url, utc_now(), id=new_request_id())
    return f"{slo_url}?{redirect_query(text, keys)}"


CONTRASTS = """
const luminance = ([r, g, b]) => [r, g, b]
  .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const numbers = color => color.match(/[0-9.]+/g).map(Number);
const background = element => {
  for (let e = element; e; e = e.parentElement) {
    const found = numbers(getComputedStyle(e).backgroundColor);
    if (found.length < 4 || found[3] > 0) return found.slice(0, 3);
  }
  return [255, 255, 255];
};
const contrast = (style, element) => {
  const [a, b] = [luminance(numbers(style.color).slice(0, 3)), luminance(background(element))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
  if (text && element.offsetParent) found.push([text, contrast(getComputedStyle(element), element)]);
}
for (const input of document.querySelectorAll("input[placeholder]")) {
  found.push([input.placeholder, contrast(getComputedStyle(input, "::placeholder"), input)]);
}
return found;
"""

STRUCTURE = """
const edge = document.querySelector("main").getBoundingClientRect().right, spilling = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const text = document.createRange();
  text.selectNodeContents(texts.currentNode);
  if (!texts.currentNode.parentElement.closest("pre") && text.getBoundingClientRect().right > edge)
    spilling.push(texts.currentNode.textContent.trim());
}
const names = [...document.querySelectorAll("a, button, input:not([type=hidden])")].map(element =>
  element.labels?.length ? element.labels[0].textContent.trim() : element.textContent.trim());
const inline = [...document.querySelectorAll("*")].filter(element =>
  [...element.attributes].some(({name}) => name === "style" || name.startsWith("on")));
return {
  lang: document.documentElement.lang,
  headings: document.querySelectorAll("h1").length,
  mains: document.querySelectorAll("main").length,
  nameless: names.filter(name => !name).length,
  scripts: document.scripts.length + document.querySelectorAll("style, iframe, object, embed").length + inline.length,
  foreign: performance.getEntriesByType("resource").map(e => e.name).filter(url => new URL(url).origin !== origin),
  wide: document.documentElement.scrollWidth > innerWidth,
  spilling,
};
"""


def assert_for_everybody(tab):
    """The page that is shown has a structure, names, contrast, and neither script nor anything from elsewhere."""
    assert tab.execute_script(STRUCTURE) == {
        "lang": "en",
        "headings": 1,
        "mains": 1,
        "nameless": 0,
        "scripts": 0,
        "foreign": [],
        "wide": False,
        "spilling": [],
    }
    for scheme in ("light", "dark"):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        tab.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        found = tab.execute_script(CONTRASTS)
        assert found
        assert [(text, ratio) for text, ratio in found if ratio < 4.5] == []
    said = [entry["message"] for entry in tab.get_log("browser")]
    assert [message for message in said if "Content Security Policy" in message] == []


@pytest.mark.parametrize(("path", "title"), PAGES.values(), ids=PAGES.keys())
def test_a_page_is_for_everybody(stage, tab, path, title):
    tab.get(address(stage, path))
    assert tab.title.startswith(title)
    assert_for_everybody(tab)


@pytest.mark.parametrize("path", ["/", "/device"])
def test_everything_is_reached_by_keyboard_and_shows_it(stage, tab, path):
    tab.get(stage.broker_url + path)
    targets = tab.execute_script("return [...document.querySelectorAll('a, button, input:not([type=hidden])')]")
    reached = set()
    body = tab.find_element(By.TAG_NAME, "body")
    for _ in range(len(targets) + 2):
        body.send_keys(Keys.TAB)
        active = tab.switch_to.active_element
        if active in targets:
            reached.add(active.id)
            assert active.value_of_css_property("outline-style") == "solid"
        body = active
    assert reached == {target.id for target in targets}


def test_a_page_is_readable_on_a_telephone(stage, tab):
    tab.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": True}
    )
    for path, _ in PAGES.values():
        tab.get(address(stage, path))
        assert not tab.execute_script("return document.documentElement.scrollWidth > innerWidth"), path


def test_a_script_would_not_run(stage, tab):
    """The policy itself, not only our restraint: what an injection would try is refused by the browser."""
    tab.get(stage.broker_url)
    ran = """
    const script = document.createElement("script");
    script.textContent = "document.title = 'ran'";
    document.body.append(script);
    const picture = document.createElement("img");
    picture.setAttribute("onerror", "document.title = 'ran'");
    picture.src = "https://example.com/x.png";
    document.body.append(picture);
    return document.title;
    """
    assert tab.execute_script(ran) != "ran"
    said = [entry["message"] for entry in tab.get_log("browser")]
    assert [message for message in said if "Content Security Policy" in message]


def test_a_page_of_ours_is_not_framed(stage, tab):
    tab.get(stage.provider_url)
    tab.execute_script(
        "const f = document.createElement('iframe'); f.src = arguments[0]; document.body.append(f)", stage.broker_url
    )
    said = "".join(entry["message"] for entry in tab.get_log("browser"))
    frame = tab.find_element(By.TAG_NAME, "iframe")
    tab.switch_to.frame(frame)
    assert "Sign in once" not in tab.page_source, said
