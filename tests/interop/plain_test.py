"""The plain lane: any program with a PUSH or a PULL socket is a ventilator, a worker or a sink."""
import os
import unittest

import zmq
import zmq.auth

from support import InteropTest


def lines(count):
    return [b"%d" % number for number in range(count)]


class PlainLane(InteropTest):

    def test_foreign_ventilator(self):
        push = self.socket(zmq.PUSH, bind=self.endpoint("v"))
        worker = self.node("worker", "--plain", "--from", self.endpoint("v"),
                           "--to", self.endpoint("s"), "--", "sed", "s/^/x/")
        sink = self.node("sink", "--plain", "-b", self.endpoint("s"), "-n", "100")
        for line in lines(100):
            push.send(line)
        self.assertEqual(sink.ends(), 0)
        self.assertEqual(sorted(sink.output.splitlines()), sorted(b"x" + line for line in lines(100)))
        self.assertEqual(worker.stop(), 0)

    def test_foreign_worker(self):
        pull = self.socket(zmq.PULL, connect=self.endpoint("v"))
        push = self.socket(zmq.PUSH, connect=self.endpoint("s"))
        ventilator = self.node("ventilator", "--plain", "-b", self.endpoint("v"),
                               stdin=b"".join(line + b"\n" for line in lines(500)))
        sink = self.node("sink", "--plain", "-b", self.endpoint("s"), "-n", "500")
        for _ in range(500):
            push.send(pull.recv().upper() + b"!")
        self.assertEqual(ventilator.ends(), 0)
        self.assertEqual(sink.ends(), 0)
        self.assertEqual(sink.output.splitlines(), [line + b"!" for line in lines(500)])

    def test_foreign_sink(self):
        pull = self.socket(zmq.PULL, bind=self.endpoint("s"))
        self.node("worker", "--plain", "--from", self.endpoint("v"), "--to", self.endpoint("s"))
        ventilator = self.node("ventilator", "--plain", "-b", self.endpoint("v"),
                               stdin=b"one\n\nthree")
        self.assertEqual([pull.recv() for _ in range(3)], [b"one", b"", b"three"])
        self.assertEqual(ventilator.ends(), 0)

    def test_either_side_may_bind(self):
        self.node("worker", "--plain", "--from-bind", self.endpoint("f"),
                  "--to-bind", self.endpoint("t"))
        push = self.socket(zmq.PUSH, connect=self.endpoint("f"))
        pull = self.socket(zmq.PULL, connect=self.endpoint("t"))
        push.send(b"task")
        self.assertEqual(pull.recv(), b"task")
        ventilator = self.node("ventilator", "--plain", "-c", self.endpoint("f"), stdin=b"more\n")
        self.assertEqual(pull.recv(), b"more")
        self.assertEqual(ventilator.ends(), 0)
        sink = self.node("sink", "--plain", "-c", self.endpoint("p"), "-n", "1")
        self.socket(zmq.PUSH, bind=self.endpoint("p")).send(b"result")
        self.assertEqual(sink.ends(), 0)
        self.assertEqual(sink.output, b"result\n")

    def test_files_and_bytes_pass_unchanged(self):
        content = os.urandom(3_000_000)
        (self.folder / "file").write_bytes(content)
        (self.folder / "empty").write_bytes(b"")
        pull = self.socket(zmq.PULL, bind=self.endpoint("s"))
        self.node("worker", "--plain", "--from", self.endpoint("v"), "--to", self.endpoint("s"))
        ventilator = self.node("ventilator", "--plain", "--whole", "-b", self.endpoint("v"),
                               "file", "empty")
        self.assertEqual(pull.recv(), content)
        self.assertEqual(pull.recv(), b"")
        self.assertEqual(ventilator.ends(), 0)

    def test_ventilator_stays_until_all_is_written(self):
        """A worker that reads slowly still gets everything."""
        count = 300_000
        ventilator = self.node("ventilator", "--plain", "-b", "tcp://127.0.0.1:*",
                               stdin=b"task\n" * count)
        ventilator.heard("to dial tcp://")
        pull = self.socket(zmq.PULL, rcvhwm=1,
                           connect=ventilator.errors.split("to dial ")[1].split()[0])
        self.assertEqual(sum(pull.recv() == b"task" for _ in range(count)), count)
        self.assertEqual(ventilator.ends(), 0)

    def test_two_signals_end_a_ventilator_that_cannot_write(self):
        ventilator = self.node("ventilator", "--plain", "-b", self.endpoint("v"),
                               stdin=b"task " * 1000 + b"\n" + b"x\n" * 100_000)
        pull = self.socket(zmq.PULL, rcvhwm=1, connect=self.endpoint("v"))
        self.assertTrue(pull.poll(60_000))
        ventilator.process.terminate()
        ventilator.heard("finishing what has begun")
        self.assertEqual(ventilator.stop(), 143)

    def test_messages_of_several_frames_are_dropped_with_a_line(self):
        push = self.socket(zmq.PUSH, bind=self.endpoint("s"))
        sink = self.node("sink", "--plain", "-c", self.endpoint("s"), "-n", "1")
        push.send_multipart([b"a", b"b", b"c"])
        push.send(b"whole")
        self.assertEqual(sink.ends(), 0)
        self.assertEqual(sink.output, b"whole\n")
        self.assertIn("dropped a message of several frames", sink.errors)

    def test_a_stranger_is_refused_and_dialled_anew(self):
        """libzmq itself never dials again after it has met a socket of the wrong kind."""
        wrong = self.socket(zmq.REP, bind=self.endpoint("v"))
        sink = self.node("sink", "--plain", "-c", self.endpoint("v"), "-n", "1")
        sink.heard("refused a peer")
        wrong.close(linger=0)
        push = self.socket(zmq.PUSH)
        while True:  # the old socket lets go of the name in its own time
            try:
                push.bind(self.endpoint("v"))
                break
            except zmq.ZMQError as error:
                self.assertEqual(error.errno, zmq.EADDRINUSE)
        push.send(b"at last")
        self.assertEqual(sink.ends(), 0)
        self.assertEqual(sink.output, b"at last\n")

    def test_failures_are_told(self):
        push = self.socket(zmq.PUSH, bind=self.endpoint("v"))
        pull = self.socket(zmq.PULL, bind=self.endpoint("s"))
        worker = self.node("worker", "--plain", "--from", self.endpoint("v"),
                           "--to", self.endpoint("s"), "-j", "1", "--",
                           "sh", "-c", 'read -r n; [ "$n" != bad ] && echo "$n"')
        push.send(b"bad")
        push.send(b"good")
        self.assertEqual(pull.recv(), b"good")
        self.assertEqual(worker.stop(), 1)
        self.assertIn("a task without a result: exit code 1", worker.errors)
        self.assertIn("2 tasks, 1 done, 1 failed", worker.errors)

    def test_back_pressure_reaches_the_ventilator(self):
        """A worker whose sink is away takes no more than it can hold."""
        push = self.socket(zmq.PUSH, sndhwm=1, bind="tcp://127.0.0.1:*")
        worker = self.node("worker", "--plain", "--from", push.last_endpoint.decode(),
                           "--to", self.endpoint("nobody"))
        worker.heard("waiting for a sink")
        push.sndtimeo = 1000
        accepted = 0
        with self.assertRaises(zmq.Again):
            while accepted < 100_000:
                push.send(b"x" * 10_000)
                accepted += 1
        self.assertLess(accepted, 100_000)


class Keys(InteropTest):

    def certificate(self, name):
        _, secret = zmq.auth.create_certificates(str(self.folder), name)
        os.chmod(secret, 0o600)
        os.rename(secret, self.folder / f"{name}.secret")
        os.mkdir(self.folder / f"{name}.trusted")
        os.rename(self.folder / f"{name}.key", self.folder / f"{name}.trusted" / f"{name}.pub")
        return zmq.auth.load_certificate(str(self.folder / f"{name}.secret"))

    def test_only_those_who_are_trusted_get_in(self):
        server, _ = self.certificate("server")
        friend = self.certificate("friend")
        stranger = self.certificate("stranger")
        sink = self.node("sink", "--plain", "-b", "tcp://127.0.0.1:*", "-n", "1",
                         "--key", "server.secret", "--trust", "friend.trusted")
        sink.heard("to dial tcp://")
        endpoint = sink.errors.split("to dial ")[1].split()[0]
        for keys, word in ((stranger, b"from a stranger"), (friend, b"from a friend")):
            self.socket(zmq.PUSH, curve_publickey=keys[0], curve_secretkey=keys[1],
                        curve_serverkey=server, connect=endpoint).send(word)
            if keys is stranger:
                sink.heard("its key is not trusted here")
        self.assertEqual(sink.ends(), 0)
        self.assertEqual(sink.output, b"from a friend\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
