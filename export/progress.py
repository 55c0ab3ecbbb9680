"""Show a clock during each long step."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from tqdm import tqdm


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a step, with a running clock on a terminal; print its seconds at the end."""
    start = time.monotonic()
    done = Event()
    with tqdm(bar_format=f"{what} ... {{elapsed}}", disable=None, leave=False) as clock:
        if clock.disable:
            print(f"{what} ...", flush=True)
        ticking = Thread(target=_tick, args=(clock, done), daemon=True)
        ticking.start()
        try:
            yield
        finally:
            done.set()
            ticking.join()
    print(f"{what}: {time.monotonic() - start:.1f} s", flush=True)


def _tick(clock: "tqdm[object]", done: Event) -> None:
    while not done.wait(1):
        clock.refresh()
