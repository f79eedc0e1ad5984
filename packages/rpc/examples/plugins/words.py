"""A plugin in another language, over gRPC: Python with grpcio (Debian: python3-grpcio).

Whoever uses it writes
createPlugin({ name: 'words', command: ['python3', 'words.py'], protocol: 'grpc' }).
"""

import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.wrappers_pb2 import StringValue, UInt32Value


def count(request, _context):
    return UInt32Value(value=len(request.value.split()))


def split(request, _context):
    for word in request.value.split():
        yield StringValue(value=word)


def handlers():
    read = StringValue.FromString
    return grpc.method_handlers_generic_handler(
        "example.words.v1.Words",
        {
            "Count": grpc.unary_unary_rpc_method_handler(
                count, read, UInt32Value.SerializeToString
            ),
            "Split": grpc.unary_stream_rpc_method_handler(
                split, read, StringValue.SerializeToString
            ),
        },
    )


def main():
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers((handlers(),))
    server.add_insecure_port("unix:" + sys.argv[-1])
    server.start()
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    asked_to_end.wait()
    server.stop(grace=5).wait()


main()
