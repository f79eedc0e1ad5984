"""
The cases of gRPC's interop description on the C core, a line of JSON for each:
interop_client.py SCHEMA TARGET CASES [AUTHORITY]
"""

import json
import os
import queue
import sys

import grpc
from messages import Schema

INITIAL = ("x-grpc-test-echo-initial", "test_initial_metadata_value")
TRAILING = ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab")
REQUEST_SIZES = (27182, 8, 1828, 45904)
RESPONSE_SIZES = (31415, 9, 2653, 58979)
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
GZIP = grpc.Compression.Gzip
TIMEOUT_SECONDS = 20


class Cases:
    def __init__(self, schema, channel):
        def method(name, kind, service="TestService"):
            return kind(
                f"/grpc.testing.{service}/{name}",
                request_serializer=schema.request(name).SerializeToString,
                response_deserializer=schema.response(name).FromString,
            )

        self.schema = schema
        self.empty = method("EmptyCall", channel.unary_unary)
        self.unary = method("UnaryCall", channel.unary_unary)
        self.output = method("StreamingOutputCall", channel.unary_stream)
        self.input = method("StreamingInputCall", channel.stream_unary)
        self.duplex = method("FullDuplexCall", channel.stream_stream)
        self.missing = method("UnimplementedCall", channel.unary_unary)
        self.stranger = method("UnimplementedCall", channel.unary_unary, "UnimplementedService")

    def large(self, **fields):
        return self.schema.SimpleRequest(
            response_size=314159, payload=self.zeros(271828), **fields
        )

    def zeros(self, size):
        return self.schema.Payload(body=bytes(size))

    def flag(self, value):
        return self.schema.BoolValue(value=value)

    def ping(self, index):
        return self.schema.StreamingOutputCallRequest(
            response_parameters=[
                self.schema.ResponseParameters(size=RESPONSE_SIZES[index])
            ],
            payload=self.zeros(REQUEST_SIZES[index]),
        )

    def empty_unary(self):
        assert self.empty(self.schema.Empty()).ByteSize() == 0

    def large_unary(self):
        check_body(self.unary(self.large(), timeout=TIMEOUT_SECONDS), 314159)

    def client_compressed_unary(self):
        probe = self.large(expect_compressed=self.flag(True))
        check_failure(lambda: self.unary(probe), grpc.StatusCode.INVALID_ARGUMENT)
        for value in (True, False):
            request = self.large(expect_compressed=self.flag(value))
            response = self.unary(request, compression=GZIP if value else None)
            check_body(response, 314159)

    def server_compressed_unary(self):
        for value in (True, False):
            check_body(self.unary(self.large(response_compressed=self.flag(value))), 314159)

    def client_streaming(self):
        requests = (
            self.schema.StreamingInputCallRequest(payload=self.zeros(size))
            for size in REQUEST_SIZES
        )
        assert self.input(requests).aggregated_payload_size == 74922

    def server_streaming(self):
        parameters = [self.schema.ResponseParameters(size=size) for size in RESPONSE_SIZES]
        request = self.schema.StreamingOutputCallRequest(response_parameters=parameters)
        check_bodies(self.output(request), RESPONSE_SIZES)

    def server_compressed_streaming(self):
        parameters = [
            self.schema.ResponseParameters(size=31415, compressed=self.flag(True)),
            self.schema.ResponseParameters(size=92653, compressed=self.flag(False)),
        ]
        request = self.schema.StreamingOutputCallRequest(response_parameters=parameters)
        check_bodies(self.output(request), (31415, 92653))

    def ping_pong(self):
        pipe = Pipe()
        responses = self.duplex(pipe, timeout=TIMEOUT_SECONDS)
        for index, size in enumerate(RESPONSE_SIZES):
            pipe.put(self.ping(index))
            check_body(next(responses), size)
        pipe.close()
        assert not list(responses)

    def empty_stream(self):
        assert not list(self.duplex(iter(())))

    def custom_metadata(self):
        for call in (self._unary_with_metadata, self._stream_with_metadata):
            header, trailer = call()
            assert INITIAL in tuple(map(tuple, header)), header
            assert TRAILING in tuple(map(tuple, trailer)), trailer

    def _unary_with_metadata(self):
        _, call = self.unary.with_call(self.large(), metadata=(INITIAL, TRAILING))
        return call.initial_metadata(), call.trailing_metadata()

    def _stream_with_metadata(self):
        call = self.duplex(iter((self.ping(0),)), metadata=(INITIAL, TRAILING))
        check_bodies(call, RESPONSE_SIZES[:1])
        return call.initial_metadata(), call.trailing_metadata()

    def status_code_and_message(self):
        status = self.schema.EchoStatus(code=2, message="test status message")
        request = self.schema.SimpleRequest(response_status=status)
        streamed = self.schema.StreamingOutputCallRequest(response_status=status)
        for call in (
            lambda: self.unary(request),
            lambda: list(self.duplex(iter((streamed,)))),
        ):
            check_failure(call, grpc.StatusCode.UNKNOWN, status.message)

    def special_status_message(self):
        status = self.schema.EchoStatus(code=2, message=SPECIAL)
        request = self.schema.SimpleRequest(response_status=status)
        check_failure(lambda: self.unary(request), grpc.StatusCode.UNKNOWN, SPECIAL)

    def unimplemented_method(self):
        request = self.schema.Empty()
        check_failure(lambda: self.missing(request), grpc.StatusCode.UNIMPLEMENTED)

    def unimplemented_service(self):
        request = self.schema.Empty()
        check_failure(lambda: self.stranger(request), grpc.StatusCode.UNIMPLEMENTED)

    def cancel_after_begin(self):
        call = self.input.future(Pipe())
        call.cancel()
        assert call.cancelled() and call.code() is grpc.StatusCode.CANCELLED

    def cancel_after_first_response(self):
        pipe = Pipe()
        responses = self.duplex(pipe)
        pipe.put(self.ping(0))
        check_body(next(responses), RESPONSE_SIZES[0])
        responses.cancel()
        check_failure(lambda: next(responses), grpc.StatusCode.CANCELLED)

    def timeout_on_sleeping_server(self):
        pipe = Pipe()
        pipe.put(
            self.schema.StreamingOutputCallRequest(payload=self.zeros(REQUEST_SIZES[0]))
        )
        responses = self.duplex(pipe, timeout=0.001)
        check_failure(lambda: next(responses), grpc.StatusCode.DEADLINE_EXCEEDED)


class Pipe:
    """An iterator whose items come from `put`. Its reader is a thread, which `close` ends."""

    def __init__(self):
        self._items = queue.Queue()

    def put(self, item):
        self._items.put(item)

    def close(self):
        self._items.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        item = self._items.get()
        if item is None:
            raise StopIteration
        return item


def check_body(response, size):
    assert response.payload.body == bytes(size), f"not {size} zeros"


def check_bodies(responses, sizes):
    bodies = [response.payload.body for response in responses]
    assert bodies == [bytes(size) for size in sizes], [len(body) for body in bodies]


def check_failure(call, code, message=None):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() is code, error
        assert message is None or error.details() == message, repr(error.details())
        return
    raise AssertionError("the call did not fail")


def main(path, target, names, authority=None):
    if authority is None:
        channel = grpc.insecure_channel(target)
    else:
        with open(authority, "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        channel = grpc.secure_channel(target, credentials)
    cases = Cases(Schema(path), channel)
    for name in names.split(","):
        result = {"case": name}
        try:
            getattr(cases, name)()
        except Exception as fault:  # Whatever it is, it is told.
            result["fault"] = f"{type(fault).__name__}: {fault}"
        print(json.dumps(result), flush=True)
    channel.close()
    # Threads may still wait for what a cancelled call was to send.
    sys.stdout.flush()
    os._exit(0)


main(*sys.argv[1:])
