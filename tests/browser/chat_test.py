"""Two people at two browsers, each at a chat-peer of its own."""
import http.client
import unittest
import urllib.parse

from browser import BrowserTest
from nodes import FaultTest, wait_until
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title = 'owned'</script>",
    "\x1b[31mred\x1b[0m",
    "left \u202eright",
]


class Chat(BrowserTest):
    def test_two_browsers_on_two_servers_chat_both_ways(self):
        ann, bob = self.both()
        ann.say("hello bob")
        bob.wait_texts("hello bob")
        bob.say("hello ann")
        ann.wait_texts("hello bob", "hello ann")
        bob.say("/me waves")
        ann.wait_texts("hello bob", "hello ann", "waves")
        bob.say("/msg ann only you")
        wait_until(lambda: ann.all_texts("#directs .badge") == ["1"], "the direct message to be announced")
        self.assertEqual(ann.driver.title, "(1) shoal chat")
        self.assertNotIn("only you", ann.texts())
        ann.click("#directs button", "@bob")
        ann.wait_texts("only you")
        self.assertEqual(ann.all_texts("#directs .badge"), [])
        ann.say("/msg nobody hello")
        wait_until(lambda: any("nobody" in text and "not delivered" in text for text in ann.texts()),
                   "to be told that nobody is not here")

    def test_rooms(self):
        ann, bob = self.both()
        bob.say("/join team")
        ann.click("#rooms button", "#team")
        ann.say("/join lobby")
        bob.say("in the other room")
        wait_until(lambda: ann.all_texts("#rooms .badge") == ["1"], "it to be counted as unread")
        self.assertEqual(ann.texts(), [])
        ann.click("#rooms button", "#team")
        ann.wait_texts("in the other room")
        ann.driver.refresh()
        ann.join("ann")
        ann.click("#rooms button", "#team")
        ann.wait_texts("in the other room")

    def test_text_of_others_is_only_text(self):
        ann, bob = self.both()
        for text in HOSTILE:
            ann.put(text)
        shown = [HOSTILE[0], HOSTILE[1], "U+001B[31mredU+001B[0m", "left U+202Eright"]
        bob.wait_texts(*shown)
        self.assertEqual(bob.driver.title, "shoal chat")
        self.assertEqual(bob.driver.find_elements(By.CSS_SELECTOR, "#log img, #log script"), [])

    def test_a_server_that_is_killed_and_started_again(self):
        ann, bob = self.both()
        ann.say("before")
        bob.wait_texts("before")
        port = urllib.parse.urlsplit(self.one.url).port
        self.one.kill()
        wait_until(lambda: "Offline" in ann.find("#status").text, "ann to see it")
        bob.say("while you were away")
        ann.say("typed into the void")
        self.one = self.server("one", "-c", f"ipc://{self.dir}/two", http=f"127.0.0.1:{port}")
        ann.wait_texts("before", "while you were away", "typed into the void")
        bob.wait_texts("before", "while you were away", "typed into the void")
        self.assertEqual(sorted(ann.texts()), sorted(set(ann.texts())))

    def test_a_nick_that_is_taken_is_refused(self):
        ann, bob = self.both()
        other = self.browser()
        other.open(self.one.url, "bob")
        wait_until(lambda: "taken" in other.find("#login-error").text, "to be refused")
        other.join("eve")
        wait_until(other.is_in, "to be let in by another nick")

    def test_a_server_with_a_token_asks_for_it(self):
        secret = self.dir / "token"
        secret.touch(0o600)
        secret.write_text("open sesame\n")
        server = self.server("one", "--token-file", secret)
        ann = self.browser()
        ann.open(server.url, "ann")
        wait_until(lambda: "asks for a token" in ann.find("#login-error").text, "to be asked")
        ann.find("#login-token").send_keys("guess", Keys.ENTER)
        wait_until(lambda: "not this server's" in ann.find("#login-error").text, "to be refused")
        ann.find("#login-token").clear()
        ann.find("#login-token").send_keys("open sesame", Keys.ENTER)
        wait_until(ann.is_in, "to be let in")

    def test_the_page_fits_a_desk_and_a_phone(self):
        ann, bob = self.both()
        bob.say("/join a-room-with-a-name-that-is-longer-than-the-column-for-it")
        bob.say("/join lobby")
        for text in ("a word", "a long word: " + "x" * 300, "two\nlines", "/me waves"):
            bob.put(text)
        bob.say("/msg ann only you")
        ann.wait_texts("a word", "two\nlines", "waves")
        wait_until(lambda: ann.all_texts("#directs .badge") == ["1"], "the direct message")
        for screen, width, height in (("desktop", 1280, 800), ("phone", 390, 844)):
            for scheme in ("light", "dark"):
                ann.be(width, height, scheme)
                ann.picture(f"{screen}-{scheme}")
                self.assertEqual(ann.overflowing(), [])
        ann.find("#menu").click()
        self.assertTrue(ann.find("#side").is_displayed())
        ann.picture("phone-menu")
        self.assertEqual(ann.overflowing(), [])
        ann.find("#text").send_keys(Keys.ESCAPE)
        self.assertFalse(ann.find("#side").is_displayed())
        errors = [entry["message"] for entry in ann.driver.get_log("browser")
                  if entry["level"] == "SEVERE"]
        self.assertEqual(errors, [])

    def test_the_keyboard_reaches_everything_and_shows_where_it_is(self):
        ann, _ = self.both()
        reached = set()
        for _ in range(30):
            ann.driver.switch_to.active_element.send_keys(Keys.TAB)
            name, outline = ann.driver.execute_script(
                "const at = document.activeElement;"
                "return [at === document.body ? '' : at.id || at.textContent,"
                " getComputedStyle(at).outlineStyle]")
            if name:  # else it is at the browser's own
                reached.add(name)
                self.assertNotEqual(outline, "none", name)
        for name in ("text", "log", "#lobby", "join-room", "Send"):
            self.assertIn(name, reached)
        self.assertTrue(any("bob" in name for name in reached), reached)


class Handshake(FaultTest):
    """What no browser of ours would send."""

    def setUp(self):
        super().setUp()
        node = self.node("chat_peer", "--nick", "one", "-b", f"ipc://{self.dir}/one",
                         "--http", "127.0.0.1:0", "--origin", "https://front.example", "--keep-open")
        self.place = urllib.parse.urlsplit(node.wait_line(r"(http://\S+)")[1]).netloc

    def status(self, path="/chat", **headers):
        link = http.client.HTTPConnection(self.place, timeout=20)
        self.addCleanup(link.close)
        link.request("GET", path, headers={name.replace("_", "-"): value
                                           for name, value in headers.items()})
        answer = link.getresponse()
        self.headers = answer.headers
        return answer.status

    def upgrade(self, **headers):
        return self.status(Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Version="13",
                           Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", **headers)

    def test_origins(self):
        self.assertEqual(self.upgrade(Origin=f"http://{self.place}"), 101)
        self.assertEqual(self.upgrade(Origin="https://front.example"), 101)
        self.assertEqual(self.upgrade(), 101)
        self.assertEqual(self.upgrade(Origin="http://evil.example"), 403)
        self.assertEqual(self.upgrade(Origin="null"), 403)

    def test_hosts(self):
        self.assertEqual(self.status("/"), 200)
        self.assertIn("script-src 'self'", self.headers["Content-Security-Policy"])
        self.assertEqual(self.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(self.status("/", Host="evil.example"), 400)
        self.assertEqual(self.status("/nothing"), 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
