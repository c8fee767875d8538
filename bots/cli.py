"""The process behind ``portavoce …``; the commands themselves are in ``bots/commands``."""

import signal
import sys


def main() -> None:
    """Run a command and end the process with its exit code.

    The commands are imported here, not above, so that Ctrl-C in that second ends the process without a stack trace.
    """
    interrupted = signal.getsignal(signal.SIGINT)
    if interrupted is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    import logging  # noqa: PLC0415 - see above

    from bots.commands.command_line import app  # noqa: PLC0415 - see above
    from bots.telemetry import set_up_logs  # noqa: PLC0415 - see above

    signal.signal(signal.SIGINT, interrupted)
    set_up_logs(json=False, level=logging.WARNING)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without our characters shows a question mark instead
    app()


if __name__ == "__main__":
    main()
