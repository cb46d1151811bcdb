"""What the page of a chat-peer does where things go wrong: limits, lost connections, hostile names."""
import signal
import time
import unicodedata
import unittest
import urllib.parse

from browser import BrowserTest
from nodes import wait_until

AUTHOR = "a" * 32
UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")  # categories of what cannot be seen, for the most part
FILLERS = "\u034f\u115f\u1160\u17b4\u180b\u2800\u3164\ufe0f\uffa0\U000e0100"  # of others

# All code points where one side is a name's and the other is not.
EDGES = """
const done = arguments[0];
import('/limits.js').then(({isName}) => {
  const edges = [];
  let last = false;
  for (let code = 0; code <= 0x10ffff; ++code) {
    const good = isName('x' + String.fromCodePoint(code));
    if (good !== last) edges.push(code);
    last = good;
  }
  done(edges);
});
"""

# What page and server think of names, where they differ.
DIFFERENCES = """
const [names, done] = arguments;
import('/limits.js').then(({isName}) => {
  const socket = new WebSocket(`ws://${location.host}/chat`);
  const answers = [];
  socket.onopen = () => {
    socket.send(JSON.stringify({type: 'hello', nick: 'probe', session: 'probe', rooms: []}));
    for (const room of names) socket.send(JSON.stringify({type: 'history', room}));
  };
  socket.onmessage = ({data}) => {
    const {type} = JSON.parse(data);
    if (type === 'history' || type === 'trouble') answers.push(type === 'history');
    if (answers.length === names.length) done(names.filter((name, at) => isName(name) !== answers[at]));
  };
});
"""


def post(seq, text, **fields):
    return {"type": "post", "author": AUTHOR, "seq": seq, "clock": str((1 << 40) + (seq << 16)),
            "time": int(time.time() * 1000), "room": "lobby", "nick": "eve", "kind": "says",
            "text": text, **fields}


class Page(BrowserTest):
    def ann_alone(self):
        self.one = self.server("one")
        ann = self.browser()
        ann.open(self.one.url, "ann")
        wait_until(ann.is_in, "ann to be let in")
        return ann

    def come_back(self, ann):
        ann.driver.refresh()
        ann.join("ann")
        wait_until(ann.is_in, f"to be let in; the page says '{ann.find('#login-error').text}'")

    def rooms(self, ann):
        """Those that ann is in."""
        return ann.all_texts("#rooms li:has(.part) .name")

    def stored(self, ann):
        return ann.run("return JSON.parse(localStorage.getItem('shoal-chat')).rooms")

    def test_a_room_that_no_server_takes_keeps_nobody_out(self):
        ann = self.ann_alone()
        for room in ("two words", "#", "ü" * 33, "x\u3164y"):
            ann.put(f"/join {room}")
            ann.wait_notice("a room has 1 to 64 octets")
            ann.put("")
        for number in range(63):
            ann.put(f"/join r{number}")
        ann.put("/join one-too-many")
        ann.wait_notice("in 64 rooms")
        wait_until(lambda: len(self.stored(ann)) == 64, "all rooms to be agreed")
        self.come_back(ann)
        self.assertEqual(len(self.rooms(ann)), 64)

    def test_whatever_is_stored_keeps_nobody_out(self):
        ann = self.ann_alone()
        many = [f"r{number}" for number in range(100)]
        for rooms, count in ((["two words", 7, None, "x" * 65, "tea"], 1), (many, 64), ("tea", 1)):
            ann.run("localStorage.setItem('shoal-chat', JSON.stringify({nick: 'ann', rooms: arguments[0]}))",
                    rooms)
            self.come_back(ann)
            self.assertEqual(len(self.rooms(ann)), count)

    def test_a_room_is_remembered_when_the_server_has_agreed(self):
        ann = self.ann_alone()
        ann.be_deaf()
        ann.say("/join tea")
        self.assertEqual(self.rooms(ann), ["#lobby", "#tea"])
        self.assertEqual(self.stored(ann), ["lobby"])
        ann.cut()
        wait_until(lambda: self.stored(ann) == ["lobby", "tea"], "the room to be agreed")

    def test_what_cannot_be_said_is_told_at_once(self):
        ann = self.ann_alone()
        for text, words in (("x" * 8193, "8193 octets"), ("ü" * 40_000, "80000 octets"),
                            (f"/msg {'n' * 65} hi", "a nick has"), ("/msg x\u3164y hi", "a nick has")):
            ann.put(text)
            ann.wait_notice(words)
            self.assertEqual(ann.find("#text").get_property("value"), text)
        ann.run("document.getElementById('text').value = 'half \\ud83d'; "
                "document.getElementById('send').requestSubmit()")
        ann.wait_notice("half a character")
        ann.put("x" * 8192)
        ann.wait_texts("x" * 8192)
        ann.cut()
        self.assertEqual(ann.pending(), [])

    def test_what_the_server_does_not_take_is_not_said_again(self):
        ann = self.ann_alone()
        ann.run("const socket = sockets.at(-1); const send = socket.send.bind(socket);"
                "socket.send = (text) => send(text.replace(/\"(room|to)\":\"\\w+\"/, '\"$1\":\"a b\"'))")
        ann.say("a post")
        wait_until(lambda: any("not sent" in text and "a post" in text for text in ann.texts()),
                   "ann to be told of the post")
        ann.say("/msg bob a direct")
        wait_until(lambda: any("not sent" in text and "a direct" in text for text in ann.texts()),
                   "ann to be told of the direct message")
        ann.be_deaf()
        ann.say("/join tea")
        ann.hear(type="trouble", why="no such room here", room="tea")
        ann.cut()
        ann.click("#rooms button", "#lobby")
        ann.say("another")
        ann.wait_texts("another")
        self.assertEqual(ann.pending(), [])
        self.assertNotIn("a post", ann.texts())
        ann.click("#directs button", "@bob")
        self.assertEqual(ann.pending(), [])
        self.assertEqual(len(ann.texts()), 1)
        self.assertEqual(self.rooms(ann), ["#lobby"])

    def test_more_authors_than_a_hello_holds(self):
        ann = self.ann_alone()
        ann.say("before")
        ann.wait_texts("before")
        ann.hear(type="ready", nick="ann", server="one", users=[],
                 seen={f"{number:032x}": 1 for number in range(1, 2501)})
        ann.cut()
        ann.say("after")
        ann.wait_texts("before", "after")

    def test_what_a_lost_server_has_sent_on_is_shown_once(self):
        ann, bob = self.both()
        ann.be_deaf()
        ann.say("typed once")
        bob.wait_texts("typed once")
        port = urllib.parse.urlsplit(self.one.url).port
        self.two.signal(signal.SIGSTOP)
        self.one.kill()
        self.one = self.server("one", http=f"127.0.0.1:{port}")
        ann.wait_texts("typed once")
        self.two.signal(signal.SIGCONT)
        wait_until(lambda: "bob" in ann.people() and "ann" in bob.people(), "both to be seen")
        ann.say("said later")
        bob.say("said at last")
        for each in (ann, bob):
            wait_until(lambda: {"said later", "said at last"} <= set(each.texts()), "both to be shown")
            self.assertEqual(each.texts().count("typed once"), 1)

    def test_of_two_that_say_the_same_all_show_the_first(self):
        ann = self.ann_alone()
        ann.hear(**post(5, "the same", tag=7))
        ann.hear(**post(6, "between"))
        ann.hear(**post(8, "the same", tag=7))
        ann.wait_texts("the same", "between")
        ann.hear(**post(9, "of another", tag=7, nick="mallory"))
        ann.hear(**post(4, "early"))
        self.assertEqual(ann.texts(), ["early", "the same", "between", "of another"])
        ann.hear(**post(3, "the same", tag=7, author="b" * 32))
        self.assertEqual(ann.texts(), ["the same", "early", "between", "of another"])

    def test_older_messages_stay_while_they_are_read(self):
        ann = self.ann_alone()
        ann.hear(type="history", room="lobby", more=False,
                 posts=[post(seq, f"post {seq}") for seq in range(1000, 3400)])
        ann.hear(**post(3400, "post 3400"))
        self.assertEqual(len(ann.texts()), 2000)
        ann.run("sockets.at(-1).send = () => {}")
        ann.click("#earlier", "Earlier")
        ann.hear(type="history", room="lobby", more=True,
                 posts=[post(seq, f"post {seq}") for seq in range(1300, 1401)])
        for seq in range(3401, 3700):
            ann.hear(**post(seq, f"post {seq}"))
        self.assertEqual(ann.texts()[0], "post 1300")
        self.assertEqual(len(ann.texts()), 2400)
        ann.run("document.getElementById('log').scrollTop = 1e9")
        wait_until(lambda: ann.run("return import('/log.js').then((log) => log.isAtEnd())"), "the end")
        ann.hear(**post(3700, "post 3700"))
        self.assertEqual(len(ann.texts()), 2000)

    def test_what_comes_for_a_room_that_was_left(self):
        ann = self.ann_alone()
        ann.say("/join tea")
        wait_until(lambda: self.stored(ann) == ["lobby", "tea"], "the room to be agreed")
        ann.say("/part")
        ann.hear(**post(1, "too late", room="tea"))
        ann.hear(type="history", room="tea", more=False, posts=[post(2, "too late", room="tea")])
        self.assertEqual(self.rooms(ann), ["#lobby"])
        self.assertEqual(self.stored(ann), ["lobby"])

    def test_the_focus_stays_while_messages_and_people_come(self):
        ann, bob = self.both()
        at = ("const focused = document.activeElement; return focused.isConnected && "
              "focused === window.kept")
        for selector in ("#people button:not(:disabled)", "#rooms button", "#rooms .part"):
            ann.run("window.kept = document.querySelector(arguments[0]); window.kept.focus()", selector)
            bob.say(f"while at {selector}")
            ann.wait_texts(f"while at {selector}")
            self.assertTrue(ann.run(at), selector)
            bob.say("/nick " + ("aaron" if "aaron" not in ann.people() else "bob"))
            bob.say("/join tea")
            wait_until(lambda: "#tea" in ann.all_texts("#rooms .name"), "the room of the other")
            if "people" not in selector:  # else that person has gone
                self.assertTrue(ann.run(at), selector)
            bob.say("/part")
            wait_until(lambda: "#tea" not in ann.all_texts("#rooms .name"), "the room to be gone")

    def test_commands_that_are_none(self):
        ann = self.ann_alone()
        for name in ("__proto__", "constructor", "dance"):
            ann.put(f"/{name}")
            ann.wait_notice(f"there is no /{name};")
        self.assertEqual(ann.driver.get_log("browser"), [])

    def test_joining_twice_makes_one_connection(self):
        server = self.server("one")
        ann = self.browser()
        ann.driver.get(server.url)
        ann.run("document.getElementById('login-nick').value = 'ann';"
                "const form = document.getElementById('login'); form.requestSubmit(); form.requestSubmit()")
        wait_until(ann.is_in, "ann to be let in")
        self.assertEqual(ann.run("return sockets.filter((each) => each.readyState < 2).length"), 1)

    def test_a_message_to_oneself_is_shown_once(self):
        ann = self.ann_alone()
        ann.say("/msg ann a note")
        ann.wait_texts("a note")
        wait_until(lambda: not ann.pending(), "the outcome")
        self.assertEqual(ann.texts(), ["a note"])

    def test_the_title_counts_what_came_while_nobody_looked(self):
        ann, bob = self.both()
        ann.run("Object.defineProperty(document, 'visibilityState', {get: () => 'hidden', configurable: true})")
        bob.say("look here")
        wait_until(lambda: ann.driver.title == "(1) shoal chat", "the title to count")
        ann.run("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))")
        self.assertEqual(ann.driver.title, "shoal chat")

    def test_page_and_server_agree_on_names(self):
        ann = self.ann_alone()
        edges = ann.driver.execute_async_script(EDGES)
        sides = {chr(code) for edge in edges for code in (edge - 1, edge)
                 if code >= 0 and unicodedata.category(chr(code)) != "Cs"}
        spans = list(zip([0, *edges], [*edges, 0x110000]))
        good = [chr(code) for first, last in spans[1::2] for code in range(first, last)
                if unicodedata.category(chr(code)) in UNSEEN]
        together = ["".join(good[at:at + 15]) for at in range(0, len(good), 15)]
        names = [f"x{char}" for char in [*sorted(sides), *FILLERS]] + together
        ann.driver.set_script_timeout(60)
        self.assertEqual(ann.driver.execute_async_script(DIFFERENCES, names), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
