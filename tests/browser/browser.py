"""A chat-peer's page in chromium, for the tests."""
import json
import os
import pathlib
import tempfile

from nodes import FaultTest, wait_until
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# Lets a test reach the connections of the page.
SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    sockets.push(this);
  }
  set onmessage(receive) {
    this.heard = receive;
    super.onmessage = (event) => this.deaf || receive(event);
  }
};
"""


class Browser:
    """One chromium with the page of one server."""

    def __init__(self, folder):
        options = webdriver.ChromeOptions()
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--lang=en", f"--user-data-dir={folder}", "--window-size=1280,800"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SOCKETS})

    def close(self):
        self.driver.quit()

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def open(self, url, nick):
        self.driver.get(url)
        self.join(nick)

    def join(self, nick):
        box = self.find("#login-nick")
        box.clear()
        box.send_keys(nick, Keys.ENTER)

    def is_in(self):
        return self.find("#app").is_displayed()

    def say(self, text):
        """Types a line, by keyboard."""
        self.find("#text").send_keys(text, Keys.ENTER)

    def put(self, text):
        """Says what no keyboard types."""
        self.driver.execute_script("arguments[0].value = arguments[1]", self.find("#text"), text)
        self.find("#text").send_keys(Keys.ENTER)

    def texts(self):
        """What stands in the log, without times and nicks; only what the server has confirmed."""
        return self.all_texts("#log li:not(.pending) .text")

    def wait_texts(self, *texts):
        wait_until(lambda: [t for t in self.texts() if t in texts] == list(texts),
                   f"the page to show {texts}; it shows {self.texts()}")

    def all_texts(self, selector):
        """Of every element there is at one moment: the page replaces them as it likes."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((found) => found.textContent)",
            selector)

    def run(self, script, *args):
        """What the script of the page's own returns."""
        return self.driver.execute_script(script, *args)

    def hear(self, **message):
        """As if the server had said it."""
        self.run("sockets.at(-1).heard({data: arguments[0]})", json.dumps(message))

    def be_deaf(self):
        """Until the next connection."""
        self.run("sockets.at(-1).deaf = true")

    def cut(self):
        """Loses the connection; returns when there is another."""
        count = self.run("sockets.at(-1).close(); return sockets.length")
        wait_until(lambda: self.run("return sockets.length") > count, "the page to connect again")
        wait_until(lambda: " at " in self.find("#status").text, "the page to be let in again")

    def pending(self):
        return self.all_texts("#log .pending .text")

    def wait_notice(self, words):
        wait_until(lambda: words in self.find("#notice").text,
                   f"'{words}' to be told; it tells '{self.find('#notice').text}'")

    def people(self):
        return self.all_texts("#people .name")

    def click(self, selector, text):
        """The one element of these that has the text; waits for it."""
        wait_until(lambda: self.driver.execute_script(
            "const found = [...document.querySelectorAll(arguments[0])]"
            ".find((each) => each.textContent.includes(arguments[1])); found?.click(); return !!found",
            selector, text), f"'{text}' among {selector}")

    def be(self, width, height, scheme):
        """A screen of this size, in light or dark."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def picture(self, name):
        """Kept where SHOAL_SCREENSHOTS says, to be looked at."""
        folder = os.environ.get("SHOAL_SCREENSHOTS")
        if folder:
            self.driver.save_screenshot(str(pathlib.Path(folder) / f"{name}.png"))

    def overflowing(self):
        """What is wider than the room it has."""
        return self.driver.execute_script(
            "return [document.documentElement, ...document.querySelectorAll('body *:not(.unseen)')]"
            ".filter((each) => each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1)"
            ".filter((each) => getComputedStyle(each).textOverflow !== 'ellipsis')"
            ".map((each) => each.outerHTML.slice(0, 80))")


class BrowserTest(FaultTest):
    """Chat-peers, and browsers at them."""

    def server(self, name, *args, http="127.0.0.1:0"):
        node = self.node("chat_peer", "--nick", name, "-b", f"ipc://{self.dir}/{name}",
                         "--http", http, "--keep-open", *args)
        node.url = node.wait_line(r"(http://\S+)")[1]
        return node

    def browser(self):
        folder = tempfile.TemporaryDirectory(prefix="shoal-browser-", ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        browser = Browser(folder.name)
        self.addCleanup(browser.close)
        return browser

    def both(self):
        """Two servers that are linked, and a browser at each."""
        self.one = self.server("one")
        self.two = self.server("two", "-c", f"ipc://{self.dir}/one")
        ann, bob = self.browser(), self.browser()
        ann.open(self.one.url, "ann")
        bob.open(self.two.url, "bob")
        wait_until(lambda: "bob" in ann.people() and "ann" in bob.people(), "both to be seen")
        return ann, bob
