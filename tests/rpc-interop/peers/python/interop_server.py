"""gRPC's test service on the C core: interop_server.py SCHEMA [CERTIFICATE KEY]. Prints its port."""

import sys
from concurrent import futures

import grpc
from messages import Schema

INITIAL = "x-grpc-test-echo-initial"
TRAILING = "x-grpc-test-echo-trailing-bin"
KINDS = {
    "EmptyCall": grpc.unary_unary_rpc_method_handler,
    "UnaryCall": grpc.unary_unary_rpc_method_handler,
    "StreamingOutputCall": grpc.unary_stream_rpc_method_handler,
    "StreamingInputCall": grpc.stream_unary_rpc_method_handler,
    "FullDuplexCall": grpc.stream_stream_rpc_method_handler,
}


class TestService:
    def __init__(self, schema):
        self._schema = schema

    def EmptyCall(self, request, context):
        return self._schema.Empty()

    def UnaryCall(self, request, context):
        echo_metadata(context)
        check_status(request, context)
        if request.HasField("response_compressed"):
            compress(context, request.response_compressed.value)
        return self._schema.SimpleResponse(payload=self._zeros(request.response_size))

    def StreamingOutputCall(self, request, context):
        if any(one.compressed.value for one in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        yield from self._responses(request, context)

    def StreamingInputCall(self, requests, context):
        size = sum(len(request.payload.body) for request in requests)
        return self._schema.StreamingInputCallResponse(aggregated_payload_size=size)

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            check_status(request, context)
            yield from self._responses(request, context)

    def _responses(self, request, context):
        for one in request.response_parameters:
            if one.HasField("compressed") and not one.compressed.value:
                context.disable_next_message_compression()
            yield self._schema.StreamingOutputCallResponse(payload=self._zeros(one.size))

    def _zeros(self, size):
        return self._schema.Payload(body=bytes(size))


def echo_metadata(context):
    pairs = dict(context.invocation_metadata())
    if INITIAL in pairs:
        context.send_initial_metadata(((INITIAL, pairs[INITIAL]),))
    if TRAILING in pairs:
        context.set_trailing_metadata(((TRAILING, pairs[TRAILING]),))


def check_status(request, context):
    if not request.HasField("response_status"):
        return
    wanted = request.response_status
    code = next(code for code in grpc.StatusCode if code.value[0] == wanted.code)
    context.abort(code, wanted.message)


def compress(context, wanted):
    context.set_compression(grpc.Compression.Gzip if wanted else grpc.Compression.NoCompression)


def main(path, certificate=None, key=None):
    schema = Schema(path)
    service = TestService(schema)
    handlers = {
        name: kind(
            getattr(service, name),
            request_deserializer=schema.request(name).FromString,
            response_serializer=schema.response(name).SerializeToString,
        )
        for name, kind in KINDS.items()
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    service_name = "grpc.testing.TestService"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service_name, handlers),)
    )
    if certificate is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        with open(certificate, "rb") as chain, open(key, "rb") as private:
            pair = ((private.read(), chain.read()),)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair))
    server.start()
    print(f"listening on {port}", flush=True)
    server.wait_for_termination()


main(*sys.argv[1:])
