"""The command slow_lines.py, for tests that want a job to last."""
import pathlib
import sys


def slow_lines(seconds):
    """A command for --mode stream that takes so long for each line."""
    return [sys.executable, "-IS", str(pathlib.Path(__file__).with_name("slow_lines.py")),
            str(seconds)]


def answers(tasks):
    """What it answers to `tasks`."""
    return [f"done {task}" for task in tasks]
