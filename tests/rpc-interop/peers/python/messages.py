"""The messages and methods of grpc.testing, from a descriptor set: no code is generated."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


class Schema:
    """Message classes by name, and methods as `grpc` wants them."""

    def __init__(self, path):
        with open(path, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        factory = message_factory.MessageFactory(pool)
        self._service = pool.FindServiceByName("grpc.testing.TestService")
        self._message = lambda name: factory.GetPrototype(
            pool.FindMessageTypeByName("grpc.testing." + name)
        )
        self._prototype = factory.GetPrototype

    def __getattr__(self, name):
        return self._message(name)

    def request(self, method):
        return self._prototype(self._service.methods_by_name[method].input_type)

    def response(self, method):
        return self._prototype(self._service.methods_by_name[method].output_type)
