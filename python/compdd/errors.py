"""What goes wrong, with what to do next."""

from __future__ import annotations

from collections.abc import Sequence


class CompddError(Exception):
    """An error with its causes and a remedy, as the command ``compdd`` reports its own.

    Attributes:
        message: What happened, naming the file, class or flag.
        causes: What was behind it, the nearest first.
        help: What to do next; empty where nothing is known.
        log: What the command said on standard error before it failed; empty where no command was run.
    """

    def __init__(self, message: str, *, causes: Sequence[str] = (), help: str = "", log: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.causes = tuple(causes)
        self.help = help
        self.log = log

    def __str__(self) -> str:
        lines = [self.message, *(f"caused by: {cause}" for cause in self.causes)]
        if self.help:
            lines.append(f"help: {self.help}")
        return "\n  ".join(lines)

    @classmethod
    def of_log(cls, log: str, status: int) -> CompddError:
        """The error at the end of what a command said on standard error.

        Args:
            log: All of standard error.
            status: The exit status, which is named where the command said nothing.
        """
        message, help_text, open_part = "", "", ""
        causes: list[str] = []
        for line in log.splitlines():
            text = line.strip()
            if line.startswith("error: "):
                message, causes, help_text, open_part = text.removeprefix("error: "), [], "", "message"
            elif not message:
                continue
            elif line.startswith("  caused by: "):
                causes.append(text.removeprefix("caused by: "))
                open_part = "cause"
            elif line.startswith("  help: "):
                help_text, open_part = text.removeprefix("help: "), "help"
            elif text.startswith("For more information"):
                continue
            elif open_part == "help":
                help_text = f"{help_text}\n{text}"
            elif open_part == "cause":
                causes[-1] = f"{causes[-1]}\n{text}"
            else:
                message = f"{message}\n{text}"
        return cls(
            message.strip() or f"compdd ended with status {status}", causes=causes, help=help_text.strip(), log=log
        )
