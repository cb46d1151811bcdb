"""The plain lane of chat: any program with a PUB and a SUB socket takes part."""
import json
import unittest

import zmq

from support import InteropTest


class PlainChat(InteropTest):

    def subscriber(self, **where):
        return self.socket(zmq.SUB, subscribe=b"chat", **where)

    def publisher(self, name):
        """A PUB that is told when somebody has subscribed."""
        return self.socket(zmq.XPUB, bind=self.endpoint(name))

    def read(self, socket, text):
        """The payload of the next message that says `text`."""
        while True:
            topic, payload = socket.recv_multipart()
            self.assertEqual(topic, b"chat")
            said = json.loads(payload)
            if said["text"] == text:
                return said

    def hub(self, *arguments):
        return self.node("chat-peer", "--nick", "hub", "-b", self.endpoint("hub"), "--keep-open", "-J",
                         *arguments)

    def messages(self, node):
        found = (json.loads(line) for line in node.output.splitlines())
        return [(m["from"], m["room"], m["text"], m["kind"]) for m in found if m["type"] == "message"]

    def say(self, text, nick="bot"):
        node = self.node("chat-peer", "--nick", nick, "-b", self.endpoint(nick),
                         "-c", self.endpoint("hub"), stdin=text.encode() + b"\n")
        self.assertEqual(node.ends(), 0)

    def test_a_program_hears_what_is_said(self):
        self.hub("--plain-bind", self.endpoint("out"))
        sub = self.subscriber(connect=self.endpoint("out"))
        # Whoever subscribes late misses what came before: say it until it is heard.
        sub.rcvtimeo = 300
        for number in range(100):
            self.say(f"hello {number}")
            try:
                said = json.loads(sub.recv_multipart()[1])
                break
            except zmq.Again:
                pass
        self.assertEqual((said["nick"], said["room"], said["kind"]), ("bot", "lobby", "says"))
        self.assertTrue(said["text"].startswith("hello "))

    def test_a_program_is_heard(self):
        pub = self.publisher("in")
        hub = self.hub("--plain-connect", self.endpoint("in"), "--room", "den", "--room", "lobby")
        self.assertEqual(pub.recv(), b"\x01chat")
        pub.send_multipart([b"chat", json.dumps(
            {"nick": "py thon\x1b", "room": "lobby", "text": "one"}).encode()])
        pub.send_multipart([b"chat", b"two"])
        pub.send(b"chat three")
        pub.send_multipart([b"chatter", b"not ours"])
        pub.send_multipart([b"chat", b"\xff\xfe"])
        pub.send_multipart([b"chat", b'{"nick": "x", "room": "lobby"}'])
        pub.send_multipart([b"chat", b"x" * 9000])
        pub.send_multipart([b"chat", json.dumps(
            {"nick": "py", "text": "four", "kind": "does"}).encode()])
        pub.send_multipart([b"chat", b"a", b"b", b"c"])
        pub.send(b"chat the end")
        late = self.node("chat-peer", "--nick", "late", "-b", self.endpoint("late"), "-J",
                         "--room", "den", "--room", "lobby", "-c", self.endpoint("hub"), "--keep-open")
        hub.heard("left out")
        late.printed(b"the end")
        self.assertEqual(hub.stop(), 0)
        self.assertEqual(self.messages(hub), [
            ("py_thon_", "lobby", "one", "says"), ("plain", "den", "two", "says"),
            ("plain", "den", "three", "says"), ("py", "den", "four", "does"),
            ("plain", "den", "the end", "says")])

    def test_two_peers_joined_by_both_lanes_say_nothing_twice(self):
        pub = self.publisher("in")
        one = self.hub("--plain-bind", self.endpoint("one"),
                       "--plain-connect", f"{self.endpoint('two')},{self.endpoint('in')}")
        two = self.node("chat-peer", "--nick", "two", "-b", self.endpoint("p2"), "-J", "--keep-open",
                        "-c", self.endpoint("hub"), "--plain-bind", self.endpoint("two"),
                        "--plain-connect", self.endpoint("one"))
        self.assertEqual(pub.recv(), b"\x01chat")
        for number in range(20):
            self.say(f"said {number}")
            pub.send(f"chat plain {number}".encode())
        self.say("the end")
        one.printed(b"the end")
        two.printed(b"the end")
        one.heard("is left out")
        two.heard("is left out")
        self.assertEqual(one.stop(), 0)
        self.assertEqual(two.stop(), 0)
        for node in one, two:
            texts = sorted(text for _, _, text, _ in self.messages(node))
            self.assertEqual(texts, sorted([f"said {n}" for n in range(20)] +
                                           [f"plain {n}" for n in range(20)] + ["the end"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
