"""The state of a server: which programs are in service, whether it is ready, its queue, metrics and log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatera.core.checks import did_you_mean, listed
from gatera.serve.loaded import Loaded
from gatera.serve.log.answers import AnswerLog
from gatera.serve.metrics import Metrics
from gatera.serve.queue import MAX_WAIT, RequestQueue
from gatera.web.body_limit import BODY_LIMIT
from gatera.web.errors import Refused


@dataclass
class Options:
    """What a server of programs does, beyond the programs.

    Attributes:
        sure: the level at which to be sure where a request names none.
        batch_size: inputs computed at once; None to measure.
        max_wait: seconds that a request may have to wait.
        workers: runs side by side; None for one per core.
        body_limit: the largest body in bytes.
        log: folder of the log; None for none.
        log_inputs: also keep the inputs.
        reload: take changed files into service.
        trusted: see `load_program`.
    """

    sure: float | None = None
    batch_size: int | None = None
    max_wait: float = MAX_WAIT
    workers: int | None = None
    body_limit: int = BODY_LIMIT
    log: str | Path | None = None
    log_inputs: bool = False
    reload: bool = True
    trusted: bool = False


class Service:
    """Programs in service.

    Args:
        programs: the programs, the first of them for requests that name none, if it is the only one.
        options: how.
        say: prints a line for the person who runs the server.

    Attributes:
        state: "starting", "ready" or "draining".
    """

    def __init__(self, programs: Sequence[Loaded], options: Options, say: Callable[[str], None]) -> None:
        self._programs = {loaded.name: loaded for loaded in programs}
        self.options, self.say = options, say
        self.queue = RequestQueue(options.max_wait, options.workers)
        self.metrics = Metrics(lambda: self.queue.waiting, self.queue.wait)
        self.log = (
            None
            if options.log is None
            else AnswerLog(options.log, options.log_inputs, say, self.metrics.log_failures.inc)
        )
        self.state = "starting"
        for loaded in programs:
            self.metrics.in_service(loaded.name, loaded.sha256)

    @property
    def programs(self) -> list[Loaded]:
        """All of them, in the order in which they were given."""
        return list(self._programs.values())

    def find(self, name: str | None) -> Loaded:
        """Return the program with a name; the only one for None.

        Raises:
            Refused: 404 if there is none, 400 if there are several and none is named.
        """
        if name is None:
            if len(self._programs) == 1:
                return next(iter(self._programs.values()))
            raise Refused(
                400, "this server has several programs, and the request names none", available=listed(self._programs),
                remedy="Send it to /programs/NAME/predict.",
            )  # fmt: skip
        if name not in self._programs:
            raise Refused(
                404, f"there is no program {name!r}", available=listed(self._programs),
                remedy=did_you_mean(name, self._programs),
            )  # fmt: skip
        return self._programs[name]

    def replace(self, loaded: Loaded) -> None:
        """Take a program into service in the place of the one of that name; what that one has in work is finished."""
        self._programs[loaded.name] = loaded
        self.metrics.in_service(loaded.name, loaded.sha256)
        self.metrics.reloads.labels(loaded.name, "used").inc()

    def refused_reload(self, name: str) -> None:
        """Count a changed file that is not used."""
        self.metrics.reloads.labels(name, "refused").inc()

    def check_ready(self) -> None:
        """Refuse work while it does not answer yet.

        Raises:
            Refused: 503.
        """
        if self.state == "starting":
            raise Refused(
                503, "the server is starting", remedy="Try again in 1 s.", headers={"Retry-After": "1"}
            )

    def draining(self) -> None:
        """Say to whoever asks that the server is about to end. What is asked for in the meantime is answered."""
        self.state = "draining"

    def close(self) -> None:
        """Finish the log, and let the threads end."""
        self.queue.close()
        if self.log is not None:
            self.log.close()
