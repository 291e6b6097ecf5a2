"""The program of one expression child: reads jq programs with their input on its socket, answers with the results.

It is started as a file by an isolated Python with an empty environment, so it must not import anything of ours.

Frames, lengths big-endian and unsigned:

    request   4 bytes length of the program | 4 bytes length of the input, ffffffff = only compile | program | input, both UTF-8
    answer    1 byte kind (o ok, s syntax, r runtime, m memory) | 4 bytes length | UTF-8: one JSON text a line, or the message

Arguments: the folder that holds the jq package, memory limit in bytes, seconds after which a single evaluation ends this process
(the parent kills much earlier; this one is for a parent that died).
"""

import os
import resource
import signal
import sys

if False:  # for type checkers; the child imports what it needs and no more
    from collections.abc import Iterator

CACHED_PROGRAMS = 512
ONLY_COMPILE = 0xFFFFFFFF
SOCKET = 0
HEAD = 8  # bytes
AT_ONCE = 1 << 13  # a request that is larger says so in its head
MOST = 1 << 20


def requests() -> "Iterator[tuple[str, str | None]]":
    """Yield (program, input or None to only compile it) as they come; leave when the parent closed its end."""
    received = bytearray()
    while True:
        missing = AT_ONCE
        while missing > 0:  # mostly a request comes whole
            part = os.read(SOCKET, min(MOST, max(AT_ONCE, missing)))
            if not part:
                sys.exit(0)
            received += part
            missing = (length(received) if len(received) >= HEAD else HEAD) - len(received)
        end = HEAD + int.from_bytes(received[:4], "big")
        program, text = received[HEAD:end].decode(), received[end:].decode()
        only_compile = int.from_bytes(received[4:HEAD], "big") == ONLY_COMPILE
        received.clear()  # the parent asks again only after an answer
        yield program, None if only_compile else text


def length(received: bytearray) -> int:
    """Return how long the request that begins with *received* is."""
    count = int.from_bytes(received[4:HEAD], "big")
    return HEAD + int.from_bytes(received[:4], "big") + (0 if count == ONLY_COMPILE else count)


def send(kind: bytes, text: str) -> None:
    body = text.encode("utf-8", "replace")
    frame = memoryview(kind + len(body).to_bytes(4, "big") + body)
    while frame:
        frame = frame[os.write(SOCKET, frame) :]


def confine(memory_bytes: int) -> None:
    """Give up files, core dumps and all memory above the limit; what a system does not know is left out."""
    for name, value in (("RLIMIT_AS", memory_bytes), ("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", 3)):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            continue


def answer(jq, programs: dict, program: str, text: str | None) -> tuple[bytes, str]:  # type: ignore[no-untyped-def, type-arg]
    """Compile (once), run, and name what went wrong."""
    compiled = programs.get(program)
    if compiled is None:
        try:
            compiled = jq.compile(program)
        except ValueError as error:
            return b"s", str(error)
        if len(programs) >= CACHED_PROGRAMS:
            del programs[next(iter(programs))]
        programs[program] = compiled
    if text is None:
        return b"o", ""
    try:
        return b"o", compiled.input_text(text).text()
    except ValueError as error:
        return b"r", str(error)


def main() -> None:
    sys.path.append(sys.argv[1])
    import jq  # type: ignore[import-not-found]  # it has no types; from the folder above: this interpreter runs without site-packages

    jq.compile(".").input_text("1").text()  # all of it is loaded before files are closed
    confine(int(sys.argv[2]))
    os.write(SOCKET, b"+")
    patience_s = float(sys.argv[3])
    programs: dict[str, object] = {}
    for program, text in requests():
        signal.setitimer(signal.ITIMER_REAL, patience_s)  # the default action ends the process even while libjq is busy
        try:
            kind, result = answer(jq, programs, program, text)
        except MemoryError:
            programs.clear()
            kind, result = b"m", ""
        signal.setitimer(signal.ITIMER_REAL, 0)
        send(kind, result)


if __name__ == "__main__":
    main()
