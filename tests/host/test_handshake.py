# SPDX-License-Identifier: BSD-2-Clause
"""Programs that break the handshake are ended with a clear error; nobody else notices.

peer.c says on its socket what its arguments tell it to. The messages are put together here byte by
byte, so that a change of the wire format is seen.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sel4emu

HELLO, WELCOME, READY, THREAD, UP, DOWN, DOORBELL, TRAP, RESUME = range(1, 10)
VERSION = 1
WINDOWS = 8

Say = Callable[..., sel4emu.Client]


def hello(version: int = VERSION, pid: str = "PID") -> str:
    """Return a HELLO in hexadecimal; the peer puts its own pid in."""
    return struct.pack("<III", HELLO, 16, version).hex() + pid


def ready(count: int = 1, *words: int) -> str:
    """Return a READY with these bounds of windows."""
    bounds = (*(words or (0x20000000, 0x50000000)), *[0] * (2 * WINDOWS))[: 2 * WINDOWS]
    return struct.pack(f"<IIII{2 * WINDOWS}Q", READY, 144, count, 0, *bounds).hex()


def state(kind: int, index: int, tid: int) -> str:
    """Return a THREAD_UP or THREAD_DOWN."""
    return struct.pack("<IIII", kind, 16, index, tid).hex()


def cut(message: str, size: int) -> str:
    """Return the first bytes of a message."""
    return message.replace("PID", "00000000")[: 2 * size]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile peer.c; it is no client, so the compiler gets no library of ours."""
    import subprocess

    target = tmp_path_factory.mktemp("peer") / "peer"
    source = Path(__file__).parent / "clients" / "peer.c"
    subprocess.run(["cc", "-Wall", "-Werror", "-o", target, source], check=True)
    return target


@pytest.fixture
def say(machine: sel4emu.Machine, peer: Path, service: Any) -> Iterator[Say]:
    """Spawn the peer with these actions; the server must go on, and nothing be left."""

    def spawn(*actions: str, timeout: float = 10, **options: Any) -> sel4emu.Client:
        options.setdefault("start", False)
        return machine.spawn(peer, args=actions, timeout=timeout, name="peer", **options)

    service.ask()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    yield spawn
    service.ask()
    assert machine.client_count == 1
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert machine.panic == ""
    machine.check()


def refused(say: Say, *actions: str, text: str = "no message of ours") -> None:
    """Check that the peer is ended for what it says, though it would live on."""
    start = time.monotonic()
    with pytest.raises(sel4emu.HandshakeError, match=f"'peer'.*{text}"):
        say(*actions, "sleep")
    assert time.monotonic() - start < 2


def test_the_peer_can_speak_correctly(say: Say) -> None:
    client = say(f"send:{hello()}", "receive", f"send:{ready()}", "exit:5")
    assert client.wait(10) == 5


def test_a_hello_cut_anywhere(say: Say) -> None:
    for size in range(1, 16):
        refused(say, f"send:{cut(hello(), size)}", text=f"it sent {size} bytes")


def test_a_ready_cut_anywhere(say: Say) -> None:
    for size in range(1, 144):
        refused(
            say,
            f"send:{hello()}",
            "receive",
            f"send:{cut(ready(), size)}",
            text=f"it sent {size} bytes",
        )


def test_an_empty_message_is_a_hangup(say: Say) -> None:
    with pytest.raises(sel4emu.HandshakeError, match="'peer'"):
        say("send:", "sleep", timeout=0.3)


@pytest.mark.parametrize("extra", [1, 4, 1000, 60000])
def test_a_hello_that_is_too_long(say: Say, extra: int) -> None:
    refused(say, f"send:{hello()}{'00' * extra}")


@pytest.mark.parametrize("size", [0, 8, 15, 17, 144, 0xFFFFFFFF])
def test_a_hello_that_lies_about_its_size(say: Say, size: int) -> None:
    refused(say, f"send:{struct.pack('<IIII', HELLO, size, VERSION, 0).hex()}")


@pytest.mark.parametrize("kind", [0, WELCOME, THREAD, TRAP, RESUME, 10, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_message_of_a_type_that_clients_do_not_send(say: Say, kind: int) -> None:
    refused(say, f"send:{struct.pack('<IIII', kind, 16, VERSION, 0).hex()}")
    message = struct.pack("<IIII", kind, 16, VERSION, 0).hex()
    refused(say, f"send:{hello()}", "receive", f"send:{message}")


@pytest.mark.parametrize("version", [0, 2, 0xFFFFFFFF])
def test_another_version(say: Say, version: int) -> None:
    refused(say, f"send:{hello(version)}", text=f"has version {version}, .* compile it again")


def test_two_hellos(say: Say) -> None:
    refused(say, f"send:{hello()}", f"send:{hello()}", text="it greeted twice")
    refused(say, f"send:{hello()}", "receive", f"send:{hello()}", text="it greeted twice")


@pytest.mark.parametrize("pid", [1, 0, 0xFFFFFFFF])
def test_the_process_id_is_what_linux_says(say: Say, pid: int) -> None:
    said = hello(pid=struct.pack("<I", pid).hex())
    client = say(f"send:{said}", "receive", f"send:{ready()}", "sleep")
    assert Path(f"/proc/{client.pid}/comm").read_text() == "peer\n"
    client.kill()
    assert client.wait(10) == -9


def test_ready_before_hello(say: Say) -> None:
    refused(say, f"send:{ready()}", text="out of order")


def test_two_readies(say: Say) -> None:
    """The first one completes the handshake, so wait() tells."""
    client = say(f"send:{hello()}", "receive", f"send:{ready()}", f"send:{ready()}", "sleep")
    with pytest.raises(sel4emu.ClientError, match="out of order"):
        client.wait(10)


@pytest.mark.parametrize(
    ("count", "bounds"),
    [
        (9, ()),
        (0xFFFFFFFF, ()),
        (1, (0, 0)),
        (1, (0x2000, 0x1000)),
        (1, (0x1001, 0x3000)),
        (1, (0x1000, 0x3001)),
        (1, (0x1000, 1 << 48)),
        (2, (0x1000, 0x2000, 0x3000, 0xFFFFFFFFFFFFF000)),
    ],
)
def test_windows_that_cannot_be(say: Say, count: int, bounds: tuple[int, ...]) -> None:
    refused(
        say,
        f"send:{hello()}",
        "receive",
        f"send:{ready(count, *bounds)}",
        text="out of order or damaged",
    )


def test_a_process_without_a_window_is_told_so(say: Say) -> None:
    with pytest.raises(sel4emu.ClientError, match="no room"):
        say(f"send:{hello()}", "receive", f"send:{ready(0)}", "sleep")


@pytest.mark.parametrize("kind", [UP, DOWN])
@pytest.mark.parametrize("index", [0, 1, 2, 16383, 16384, 0xFFFFFFFF])
def test_news_of_threads_that_are_not_its_own(say: Say, kind: int, index: int) -> None:
    message = state(kind, index, 1)
    refused(say, f"send:{message}")
    refused(say, f"send:{hello()}", "receive", f"send:{message}")


def test_descriptors_in_a_message_are_dropped(say: Say) -> None:
    client = say(f"fds:253:{hello()}", "receive", f"fds:1:{ready()}", "exit:0")
    assert client.wait(10) == 0


def test_a_thousand_doorbells_disturb_nobody(say: Say, service: Any) -> None:
    bell = struct.pack("<II", DOORBELL, 8).hex()
    client = say(f"send:{hello()}", "receive", f"send:{ready()}", *[f"send:{bell}"] * 1000, "sleep")
    service.ask()
    client.kill()
    assert client.wait(10) == -9


def test_closing_the_socket_early(say: Say) -> None:
    for actions in ([], [f"send:{hello()}"], [f"send:{hello()}", "receive"]):
        with pytest.raises(sel4emu.HandshakeError, match=r"'peer'.*before its handshake"):
            say(*actions, "close", "sleep", timeout=0.3)


def test_exiting_early(say: Say) -> None:
    for actions in ([], [f"send:{hello()}"], [f"send:{hello()}", "receive"]):
        with pytest.raises(sel4emu.HandshakeError, match=r"'peer' .*handshake.* exit status 8"):
            say(*actions, "exit:8")


@pytest.mark.parametrize("actions", [[], [f"send:{hello()}"], [f"send:{hello()}", "receive"]])
def test_silence(say: Say, actions: list[str]) -> None:
    start = time.monotonic()
    with pytest.raises(sel4emu.HandshakeError, match=r"'peer' \(pid \d+\) did not shake hands"):
        say(*actions, "sleep", timeout=0.3)
    assert 0.3 <= time.monotonic() - start < 2


def test_a_client_that_never_comes_to_its_main(
    machine: sel4emu.Machine, service: Any, program: Callable[..., Path]
) -> None:
    with pytest.raises(sel4emu.HandshakeError, match=r"'mute'.*a constructor") as raised:
        machine.spawn(program("silent"), name="mute", timeout=0.3)
    pid = int(str(raised.value).split("(pid ")[1].split(")")[0])
    assert not Path(f"/proc/{pid}").exists()
    service.ask()


def test_a_ready_peer_that_never_becomes_a_thread_can_be_closed(say: Say, service: Any) -> None:
    actions = (f"send:{hello()}", "receive", f"send:{ready()}", "receive", "sleep")
    client = say(*actions, start=True)
    with pytest.raises(sel4emu.Timeout, match="'peer' runs"):
        service.endpoint.call(label=1, timeout=0.3)
    assert client.poll() is None
    client.close()
