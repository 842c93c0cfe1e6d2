"""A page in a real browser: Chromium without a window opens the file, a script of the test's drives it, and what it
wrote is read back. Tests that use it are skipped where no Chromium is installed (Debian's package is `chromium`)."""

import json
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]

# What happens on the page goes wrong loudly: errors, and whatever its policy had to forbid, are collected.
COLLECT = """<script>
const went_wrong = [];
addEventListener("error", (event) => went_wrong.push(String(event.message)));
addEventListener("unhandledrejection", (event) => went_wrong.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => went_wrong.push("policy: " + event.violatedDirective));
console.error = (...words) => went_wrong.push(words.join(" "));
</script>"""

# The test's script is async; `press(key)`, `click(selector)` and `text(selector)` are what it has to work with.
DRIVE = """<script>
const pause = () => new Promise((done) => setTimeout(done, 20));
const find = (selector) => document.querySelector(selector);
const text = (selector) => find(selector).textContent.trim();
const press = async (key, on = document.activeElement) => {
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await pause();
};
const click = async (selector) => { find(selector).click(); await pause(); };
addEventListener("load", async () => {
  let answer = null;
  try { answer = await (async () => { %s })(); } catch (error) { went_wrong.push(String(error)); }
  const result = document.createElement("textarea");
  result.id = "result-of-the-test";
  result.textContent = JSON.stringify({ answer: answer ?? null, went_wrong });
  document.body.append(result);
});
</script>"""


class Browser:
    """One Chromium with its own profile, started anew for each page."""

    def __init__(self, program, directory):
        self.program, self.directory = program, directory

    def run(self, page, script="", *, address="", size=(1400, 900)):
        """Open the page (its text), run the body of an async function on it, return what that returns.

        Any error on the page fails the test."""
        path = self.directory / "page.html"
        path.write_text(
            page.replace("</title>", f"</title>{COLLECT}", 1).replace("</body>", DRIVE % script + "</body>")
        )
        out = self.launch(f"{path.as_uri()}{address}", size, "--dump-dom", "--virtual-time-budget=5000")
        found = Result(out).text
        assert found, f"the browser came back without a result: {out[-300:]}"
        result = json.loads(found)
        assert result["went_wrong"] == []
        return result["answer"]

    def screenshot(self, page, png, *flags, address="", size=(1400, 900)):
        path = self.directory / "picture.html"
        path.write_text(page)
        self.launch(f"{path.as_uri()}{address}", size, f"--screenshot={png}", "--virtual-time-budget=2000", *flags)

    def launch(self, address, size, *flags):
        profile = f"--user-data-dir={self.directory / 'profile'}"
        window = f"--window-size={size[0]},{size[1]}"
        command = [self.program, *FLAGS, profile, window, *flags, address]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


class Result(HTMLParser):
    """The text of the element in which DRIVE leaves what it found."""

    def __init__(self, page):
        super().__init__()
        self.inside, self.text = False, ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.inside = ("id", "result-of-the-test") in attributes

    def handle_data(self, text):
        self.text += text if self.inside else ""

    def handle_endtag(self, tag):
        self.inside = False


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium is installed")
    return Browser(program, tmp_path_factory.mktemp("browser"))
