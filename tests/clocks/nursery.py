"""A warmed process that forks workers: ``portavoce worker`` itself, whose imports alone are older than it is.

Reads orders line by line: ``start``, ``kill PID``, ``stand PID`` (SIGSTOP), ``go PID`` (SIGCONT), ``stop PID``
(SIGTERM); answers each with a line: the worker's process id, or how it ended.
"""

import argparse
import gc
import os
import signal
import sys
import traceback
from pathlib import Path

from bots.commands.command_line import app as portavoce
from tests.clocks.planted import PLANTED


def main() -> None:
    """Do what is ordered until the orders end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--planted", choices=sorted(PLANTED))
    asked = parser.parse_args()
    if asked.planted:
        PLANTED[asked.planted]()
    gc.collect()
    gc.freeze()
    _tell("ready")
    for line in sys.stdin:
        order, *words = line.split()
        if order == "start":
            _tell(str(_forked(asked.config, asked.log)))
        else:
            _tell(_signalled(order, int(words[0])))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _signalled(order: str, process: int) -> str:
    signals = {"kill": signal.SIGKILL, "stand": signal.SIGSTOP, "go": signal.SIGCONT, "stop": signal.SIGTERM}
    os.kill(process, signals[order])
    if order in {"stand", "go"}:
        return "done"
    return f"ended {os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}"


def _forked(config: str, log: Path) -> int:
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        with log.open("ab", buffering=0) as told, Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(told.fileno(), 1)
            os.dup2(told.fileno(), 2)
        # here it is the command line itself
        portavoce(["worker", "--config", config, "--json-logs"], prog_name="portavoce", standalone_mode=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - the fork must not come back into the nursery
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
