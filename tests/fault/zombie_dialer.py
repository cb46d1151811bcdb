"""A fake peer answers a dialler once with what ends a libzmq socket for good; then the real node
takes its place. The Port's own tests look closer (integration/net).
"""
import socket
import struct
import unittest

from nodes import LIMIT, FaultTest

BACK = 10  # seconds
TASKS = [str(task) for task in range(1000)]


def greeting(mechanism, as_server=False):
    """ZMTP 3.0: signature, version, mechanism, role, filler."""
    return struct.pack(">10s2s20s?31x", b"\xff" + bytes(7) + b"\x01\x7f", b"\x03\x00",
                       mechanism, as_server)


def command(name, body):
    content = bytes([len(name)]) + name + body
    return bytes([4, len(content)]) + content


def ready(socket_type):
    return command(b"READY", b"\x0bSocket-Type" + struct.pack(">I", len(socket_type)) + socket_type)


class ZombieDialer(FaultTest):
    def meet(self, words):
        """The worker meets a fake ventilator that says `words`, then the real one."""
        sink = self.sink()
        with socket.socket(socket.AF_UNIX) as fake:
            fake.bind(str(self.dir / "v"))
            fake.listen()
            fake.settimeout(LIMIT)
            worker = self.worker()
            peer, _ = fake.accept()
            with peer:
                peer.settimeout(LIMIT)
                peer.sendall(words)
                while peer.recv(4096):
                    pass
        ventilator = self.ventilator(self.write_tasks(TASKS))
        self.wait_results(1, limit=BACK)
        self.expect_exit(0, ventilator, worker, sink)
        self.expect_exactly_once(TASKS)

    def test_a_wrong_socket_type(self):
        self.meet(greeting(b"NULL") + ready(b"PUB"))

    def test_a_curve_greeting(self):
        self.meet(greeting(b"CURVE", as_server=True))

    def test_an_error_command(self):
        self.meet(greeting(b"NULL") + command(b"ERROR", b"\x03400"))

    def test_a_frame_of_2_to_the_40_bytes(self):
        self.meet(greeting(b"NULL") + ready(b"ROUTER") + b"\x02" + struct.pack(">Q", 1 << 40))


if __name__ == "__main__":
    unittest.main(verbosity=2)
