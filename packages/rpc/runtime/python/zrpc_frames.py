"""Calls over zrpc's own frames on a Unix socket, for the clients that `zrpc gen --lang python` writes.

A `Channel` offers what a channel of grpcio offers to a client, so that the same client works over
both. It needs no package but protobuf's, which the messages come from.

    with zrpc_frames.connect("/run/app.sock") as channel:
        greeter = GreeterClient(channel)
        greeter.say_hello(HelloRequest(name="you"), timeout=1.0)

A channel may be used by several threads. Calls block; the limits are those below.
"""

from __future__ import annotations

import collections
import socket
import struct
import threading
import time
import typing as t

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
MAX_METADATA_BYTES = 16 * 1024
STREAM_WINDOW_BYTES = 256 * 1024
CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024
MAX_STREAMS = 1_000
HANDSHAKE_TIMEOUT_SECONDS = 10.0

CODES = (
    "ok", "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found",
    "already_exists", "permission_denied", "resource_exhausted", "failed_precondition", "aborted",
    "out_of_range", "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated",
)  # fmt: skip

Metadata = t.Sequence[t.Tuple[str, t.Union[str, bytes]]]
Request = t.TypeVar("Request")
Response = t.TypeVar("Response")

_SETTINGS, _HEADER, _MESSAGE, _END, _CANCEL, _CREDIT, _PING, _GOAWAY = range(8)
_FLAG_PATH = _FLAG_LAST = _FLAG_ACK = 0x01
_FLAGS_COMPRESSED = 0x06
_FRAME = struct.Struct(">IBIB")
_SETTINGS_PAYLOAD = struct.Struct(">4sBIIII")
_INITIAL_WINDOW = 65_536
_MAX_STREAM = 0x7FFFFFFF


class RpcError(Exception):
    """A call that failed.

    `code` is one of `CODES`, `message` what the server says, `details` the bytes of a
    google.rpc.Status or empty, `trailing_metadata` what came with it.
    """

    def __init__(
        self, code: str, message: str, details: bytes = b"", trailing_metadata: Metadata = ()
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details
        self.trailing_metadata = trailing_metadata


def connect(path: str) -> Channel:
    """Connects to the socket at `path`. Raises RpcError unavailable where nobody listens."""
    return Channel(path)


class Channel:
    """A connection. Close it, or use it as a context manager."""

    def __init__(self, path: str) -> None:
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._calls: dict[int, _Call[t.Any]] = {}
        self._methods: dict[str, int] = {}
        self._next_stream = 1
        self._window = _INITIAL_WINDOW
        self._credit = _INITIAL_WINDOW
        self._max_message = MAX_MESSAGE_BYTES
        self._max_streams = MAX_STREAMS
        self._consumed = 0
        self._ready = False
        self._fault: RpcError | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise RpcError("unavailable", f"nothing listens on {path}: {error.strerror}") from error
        self._write(_SETTINGS, 0, 0, _SETTINGS_PAYLOAD.pack(
            b"zrpc", 1, MAX_MESSAGE_BYTES, STREAM_WINDOW_BYTES, CONNECTION_WINDOW_BYTES, MAX_STREAMS
        ))  # fmt: skip
        threading.Thread(target=self._read, name="zrpc", daemon=True).start()
        with self._changed:
            self._await(lambda: self._ready, time.monotonic() + HANDSHAKE_TIMEOUT_SECONDS)

    def unary_unary(
        self,
        method: str,
        request_serializer: t.Callable[[Request], bytes],
        response_deserializer: t.Callable[[bytes], Response],
    ) -> t.Callable[..., Response]:
        def call(
            request: Request, timeout: float | None = None, metadata: Metadata | None = None
        ) -> Response:
            opened = _Call(self, method, response_deserializer, timeout, metadata)
            opened.send(request_serializer(request), last=True)
            return opened.only()

        return call

    def unary_stream(
        self,
        method: str,
        request_serializer: t.Callable[[Request], bytes],
        response_deserializer: t.Callable[[bytes], Response],
    ) -> t.Callable[..., t.Iterator[Response]]:
        def call(
            request: Request, timeout: float | None = None, metadata: Metadata | None = None
        ) -> t.Iterator[Response]:
            opened = _Call(self, method, response_deserializer, timeout, metadata)
            opened.send(request_serializer(request), last=True)
            return opened

        return call

    def stream_unary(
        self,
        method: str,
        request_serializer: t.Callable[[Request], bytes],
        response_deserializer: t.Callable[[bytes], Response],
    ) -> t.Callable[..., Response]:
        def call(
            requests: t.Iterable[Request],
            timeout: float | None = None,
            metadata: Metadata | None = None,
        ) -> Response:
            opened = _Call(self, method, response_deserializer, timeout, metadata)
            opened.send_all(map(request_serializer, requests))
            return opened.only()

        return call

    def stream_stream(
        self,
        method: str,
        request_serializer: t.Callable[[Request], bytes],
        response_deserializer: t.Callable[[bytes], Response],
    ) -> t.Callable[..., t.Iterator[Response]]:
        def call(
            requests: t.Iterable[Request],
            timeout: float | None = None,
            metadata: Metadata | None = None,
        ) -> t.Iterator[Response]:
            opened = _Call(self, method, response_deserializer, timeout, metadata)
            messages = map(request_serializer, requests)
            threading.Thread(
                target=opened.send_all, args=(messages,), name="zrpc-send", daemon=True
            ).start()
            return opened

        return call

    def close(self) -> None:
        """Ends the connection; calls that are open fail with `canceled`."""
        self._fail(RpcError("canceled", "the channel was closed"))

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What the calls need. `_changed` is held where a name says so.

    def _open_held(
        self, call: _Call[t.Any], timeout: float | None, metadata: Metadata | None
    ) -> int:
        if self._fault is not None:
            raise self._fault
        if len(self._calls) >= self._max_streams:
            raise RpcError("resource_exhausted", f"{self._max_streams} calls are open already")
        if self._next_stream > _MAX_STREAM:
            raise RpcError("unavailable", "the channel has no more streams; connect again")
        stream = self._next_stream
        self._next_stream += 2
        self._calls[stream] = call
        pairs = b"".join(_block(name.lower()) + _block(value) for name, value in metadata or ())
        if len(pairs) > MAX_METADATA_BYTES:
            del self._calls[stream]
            raise RpcError("resource_exhausted", f"metadata is over {MAX_METADATA_BYTES} bytes")
        number = self._methods.get(call.method)
        flags = 0
        if number is None:
            flags = _FLAG_PATH
            number = len(self._methods) + 1 if len(self._methods) < 1_000 else 0
            if number > 0:
                self._methods[call.method] = number
        head = _varint(number) + (_block(call.method) if flags else b"")
        milliseconds = 0 if timeout is None else max(1, min(int(timeout * 1_000), 0xFFFFFFFF))
        self._write(_HEADER, stream, flags, head + _varint(milliseconds) + pairs)
        return stream

    def _await(self, is_done: t.Callable[[], bool], deadline: float | None) -> None:
        """Waits for a change of state, with `_changed` held. Raises at the deadline."""
        while not is_done():
            if self._fault is not None:
                raise self._fault
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise RpcError("deadline_exceeded", "the deadline has passed")
            self._changed.wait(left)

    def _write(self, kind: int, stream: int, flags: int, payload: bytes = b"") -> None:
        try:
            with self._writing:
                self._socket.sendall(_FRAME.pack(len(payload), kind, stream, flags) + payload)
        except OSError as error:
            raise RpcError("unavailable", f"the connection broke: {error.strerror}") from error

    def _give_back(self, cost: int) -> None:
        """A message was read, so the peer may send as much again; `_changed` is held."""
        self._consumed += cost
        if self._consumed * 2 >= CONNECTION_WINDOW_BYTES:
            self._write(_CREDIT, 0, 0, struct.pack(">I", self._consumed))
            self._consumed = 0

    # The thread that reads.

    def _read(self) -> None:
        try:
            while True:
                length, kind, stream, flags = _FRAME.unpack(self._receive(_FRAME.size))
                if length > max(MAX_MESSAGE_BYTES, 65_536):
                    raise RpcError("resource_exhausted", f"a frame of {length} bytes is too long")
                payload = self._receive(length)
                with self._changed:
                    self._on_frame(kind, stream, flags, payload)
                    self._changed.notify_all()
        except RpcError as error:
            self._fail(error)
        except (OSError, ValueError, IndexError, struct.error) as error:
            self._fail(RpcError("unavailable", f"the connection broke: {error}"))

    def _receive(self, length: int) -> bytes:
        parts = []
        while length > 0:
            part = self._socket.recv(min(length, 65_536))
            if not part:
                raise RpcError("unavailable", "the server closed the connection")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _on_frame(self, kind: int, stream: int, flags: int, payload: bytes) -> None:
        if kind == _SETTINGS:
            self._on_settings(payload)
            return
        if not self._ready:
            raise RpcError("internal", "the server did not begin with SETTINGS")
        call = self._calls.get(stream)
        if kind == _MESSAGE:
            if call is None:
                self._give_back(len(payload) + _FRAME.size)
            else:
                call.on_message(flags, payload)
        elif kind == _END and call is not None:
            call.on_end(_Payload(payload))
        elif kind == _CREDIT:
            (amount,) = struct.unpack(">I", payload)
            if stream == 0:
                self._credit += amount
            elif call is not None:
                call.credit += amount
        elif kind == _PING and not flags & _FLAG_ACK:
            self._write(_PING, 0, _FLAG_ACK, payload)
        elif kind == _GOAWAY:
            self._on_goaway(_Payload(payload))
        elif kind > _GOAWAY:
            raise RpcError("internal", f"the server sent a frame of unknown type {kind}")

    def _on_settings(self, payload: bytes) -> None:
        mark, version, max_message, window, credit, streams = _SETTINGS_PAYLOAD.unpack(payload)
        if mark != b"zrpc" or version != 1 or self._ready:
            raise RpcError("internal", "the server does not speak version 1 of zrpc's frames")
        self._max_message = min(MAX_MESSAGE_BYTES, max_message)
        self._max_streams = streams
        self._window = window
        self._credit += credit - _INITIAL_WINDOW
        self._ready = True

    def _on_goaway(self, payload: _Payload) -> None:
        last = payload.u32()
        code = CODES[payload.u8()]
        reason = payload.rest().decode()
        for stream, call in list(self._calls.items()):
            if stream > last:
                call.finish(RpcError("unavailable", f"the server is closing: {reason}"))
        if code != "ok" and self._fault is None and not self._calls:
            self._fault = RpcError("unavailable", f"the server is closing: {reason}")

    def _fail(self, error: RpcError) -> None:
        with self._changed:
            if self._fault is None:
                self._fault = error
            for call in list(self._calls.values()):
                call.finish(error)
            self._changed.notify_all()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It is closed already.
        self._socket.close()


class _Call(t.Generic[Response]):
    """A call; as an iterator it gives the responses. One that is left early wants `cancel()`."""

    def __init__(
        self,
        channel: Channel,
        method: str,
        deserializer: t.Callable[[bytes], Response],
        timeout: float | None,
        metadata: Metadata | None,
    ) -> None:
        self.method = method
        self.credit = 0
        self._channel = channel
        self._deserializer = deserializer
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._messages: collections.deque[bytes] = collections.deque()
        self._consumed = 0
        self._is_over = False
        self._error: RpcError | None = None
        with channel._changed:
            self.credit = channel._window
            self._stream = channel._open_held(self, timeout, metadata)

    def send(self, message: bytes, last: bool = False) -> None:
        """Sends a message when the server has room for it; a call that is over takes none."""
        channel = self._channel
        try:
            with channel._changed:
                if len(message) > channel._max_message:
                    limit = channel._max_message
                    raise RpcError("resource_exhausted", f"the message is over {limit} bytes")
                channel._await(self._may_send, self._deadline)
                if self._is_over:
                    return
                cost = len(message) + _FRAME.size
                self.credit -= cost
                channel._credit -= cost
            channel._write(_MESSAGE, self._stream, _FLAG_LAST if last else 0, message)
        except RpcError as error:
            self._abandon(error)

    def _may_send(self) -> bool:
        return self._is_over or (self.credit > 0 and self._channel._credit > 0)

    def send_all(self, messages: t.Iterable[bytes]) -> None:
        try:
            for message in messages:
                if self._is_over:
                    return
                self.send(message)
            if not self._is_over:
                self._channel._write(_END, self._stream, 0)
        except RpcError as error:
            self._abandon(error)
        except BaseException as error:
            self._abandon(RpcError("canceled", f"the requests could not be made: {error}"))
            raise

    def only(self) -> Response:
        """The one response of a call that has one."""
        response = self._next()
        if response is None:
            raise RpcError("internal", "the server ended the call without a response")
        if self._next() is not None:
            self.cancel()
            raise RpcError("internal", "the server sent more than one response")
        return response

    def cancel(self) -> None:
        """Ends the call; the server is told."""
        self._abandon(RpcError("canceled", "the call was canceled"))

    def __iter__(self) -> t.Iterator[Response]:
        return self

    def __next__(self) -> Response:
        response = self._next()
        if response is None:
            raise StopIteration
        return response

    def _next(self) -> Response | None:
        channel = self._channel
        try:
            with channel._changed:
                channel._await(lambda: bool(self._messages) or self._is_over, self._deadline)
                if not self._messages:
                    if self._error is not None:
                        raise self._error
                    return None
                message = self._messages.popleft()
                self._give_back(len(message) + _FRAME.size)
            return self._deserializer(message)
        except RpcError as error:
            self._abandon(error)
            raise

    def _give_back(self, cost: int) -> None:
        self._channel._give_back(cost)
        self._consumed += cost
        if not self._is_over and self._consumed * 2 >= STREAM_WINDOW_BYTES:
            self._channel._write(_CREDIT, self._stream, 0, struct.pack(">I", self._consumed))
            self._consumed = 0

    def _abandon(self, error: RpcError) -> None:
        with self._channel._changed:
            if self._is_over:
                return
            self.finish(error)
            self._channel._changed.notify_all()
        try:
            reason = bytes([CODES.index(error.code)]) + error.message.encode()[:1_024]
            self._channel._write(_CANCEL, self._stream, 0, reason)
        except RpcError:
            pass  # A connection that is gone has canceled everything.

    # From the thread that reads, with `_changed` held.

    def on_message(self, flags: int, payload: bytes) -> None:
        if flags & _FLAGS_COMPRESSED:
            self.finish(RpcError("internal", "the server compressed what was not asked for"))
            return
        self._messages.append(payload)
        if flags & _FLAG_LAST:
            self.finish(None)

    def on_end(self, payload: _Payload) -> None:
        if payload.is_empty():
            self.finish(None)
            return
        code = payload.u8()
        message = payload.block().decode()
        details = payload.block()
        trailers = payload.pairs()
        if code == 0:
            self.finish(None)
            return
        name = CODES[code] if code < len(CODES) else "unknown"
        self._messages.clear()
        self.finish(RpcError(name, message, details, trailers))

    def finish(self, error: RpcError | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._error = error
        self._channel._calls.pop(self._stream, None)


class _Payload:
    """Reads the payload of a frame. Raises RpcError where it ends too early."""

    def __init__(self, payload: bytes) -> None:
        self._bytes = payload
        self._at = 0

    def is_empty(self) -> bool:
        return self._at == len(self._bytes)

    def take(self, length: int) -> bytes:
        end = self._at + length
        if end > len(self._bytes):
            raise RpcError("internal", "the server sent a malformed frame: it ends too early")
        taken = self._bytes[self._at : end]
        self._at = end
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._bytes) - self._at)

    def u8(self) -> int:
        return self.take(1)[0]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def varint(self) -> int:
        value = 0
        for shift in range(0, 35, 7):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise RpcError("internal", "the server sent a malformed frame: a number is too long")

    def block(self) -> bytes:
        return self.take(self.varint())

    def pairs(self) -> Metadata:
        pairs: list[tuple[str, str | bytes]] = []
        while not self.is_empty():
            name = self.block().decode()
            value = self.block()
            pairs.append((name, value if name.endswith("-bin") else value.decode()))
        return pairs


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _block(value: str | bytes) -> bytes:
    encoded = value.encode() if isinstance(value, str) else value
    return _varint(len(encoded)) + encoded
