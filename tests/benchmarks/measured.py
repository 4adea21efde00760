"""Runs one command and writes down what it took: a small process of its own, which imports next to nothing.

    python -I -S measured.py RESULT STDOUT STDERR SECONDS COMMAND...

Linux counts the memory of whoever starts a program as that program's, so the starter must be small. After SECONDS the
command is ended, with all that it started.
"""

import json
import os
import signal
import sys
import threading
import time


def main() -> None:
    result, stdout, stderr, seconds, *command = sys.argv[1:]
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    for number, path in ((1, stdout), (2, stderr)):
        actions.append((os.POSIX_SPAWN_OPEN, number, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    signal.signal(signal.SIGALRM, too_late)
    started = time.monotonic()
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=actions, setsid=True)
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    watching = Watching(process)
    watching.start()
    late = False
    try:
        _, status, usage = os.wait4(process, 0)
    except TimeoutError:
        late = True
        os.killpg(process, signal.SIGKILL)
        _, status, usage = os.wait4(process, 0)
    wall = time.monotonic() - started
    signal.setitimer(signal.ITIMER_REAL, 0)
    watching.over.set()
    with open(result, "w") as file:  # noqa: PTH123, pathlib would take longer to import than the rest
        json.dump(
            {
                "wall": wall,
                "cpu": usage.ru_utime + usage.ru_stime,
                "peak": max(usage.ru_maxrss, watching.peak) * 1024,
                "from_disk": usage.ru_inblock * 512,
                "status": os.waitstatus_to_exitcode(status),
                "late": late,
            },
            file,
        )


class Watching(threading.Thread):
    """Looks ten times a second at what a process and all that it started hold together, shared pages once.

    The kernel's own account of a finished process knows the largest alone of those that it waited for.
    """

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.peak = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.1):
            started = tree(self.process)
            if len(started) > 1:
                self.peak = max(self.peak, sum(map(held, started)))


def tree(process: int) -> list[int]:
    """The process and all below it that are there."""
    found = [process]
    try:
        for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208
            with open(f"/proc/{process}/task/{thread}/children") as file:  # noqa: PTH123
                for child in file.read().split():
                    found += tree(int(child))
    except OSError:
        pass  # it has ended
    return found


def held(process: int) -> int:
    """KiB of memory, of shared pages its share."""
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:  # noqa: PTH123
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except OSError:
        return 0


def too_late(_number: int, _frame: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    main()
