import type { DescFile, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { commentOf } from '../comment-of.ts';
import { beginFile, type PythonCode } from './python-code.ts';
import { messagesModule, quote, safeName, snakeCase } from './python-names.ts';
import { nestedName } from './types-module.ts';

/**
 * The module of a file's services: for each a client, which works over a channel of grpcio and over
 * one of zrpc_frames, and a base for servers in grpcio.
 */
export function serviceModuleCode(file: DescFile): string {
  const code = beginFile(file.proto.name);
  const types = new MessageModules(file);
  code.line('from __future__ import annotations');
  code.line();
  code.line('import typing as _t');
  code.line();
  for (const line of types.imports()) code.line(line);
  code.line();
  code.line('if _t.TYPE_CHECKING:');
  code.line('    import grpc as _grpc');
  code.line();
  code.line('_Metadata = _t.Sequence[_t.Tuple[str, _t.Union[str, bytes]]]');
  for (const service of file.services) {
    clientCode(code, service, types);
    servicerCode(code, service, types);
    registrationCode(code, service, types);
  }
  return code.content();
}

/** The modules of the messages that methods take and give. */
class MessageModules {
  readonly #names = new Map<string, string>();

  constructor(file: DescFile) {
    for (const service of file.services) {
      for (const { input, output } of service.methods) {
        for (const message of [input, output]) this.#add(message.file.proto.name);
      }
    }
  }

  #add(name: string): void {
    if (!this.#names.has(name)) this.#names.set(name, `_module${this.#names.size}`);
  }

  *imports(): Generator<string> {
    for (const [name, alias] of this.#names) yield `import ${messagesModule(name)} as ${alias}`;
  }

  typeName(message: DescMessage): string {
    return `${this.#names.get(message.file.proto.name)}.${nestedName(message)}`;
  }
}

const callableOf = {
  unary: 'unary_unary',
  server_streaming: 'unary_stream',
  client_streaming: 'stream_unary',
  bidi_streaming: 'stream_stream',
} as const;

function requestType({ input, methodKind }: DescMethod, types: MessageModules): string {
  const isStream = methodKind === 'client_streaming' || methodKind === 'bidi_streaming';
  return isStream ? `_t.Iterable[${types.typeName(input)}]` : types.typeName(input);
}

function responseType({ output, methodKind }: DescMethod, types: MessageModules): string {
  const isStream = methodKind === 'server_streaming' || methodKind === 'bidi_streaming';
  return isStream ? `_t.Iterator[${types.typeName(output)}]` : types.typeName(output);
}

function requestName({ methodKind }: DescMethod): string {
  return methodKind === 'client_streaming' || methodKind === 'bidi_streaming'
    ? 'requests'
    : 'request';
}

function clientCode(code: PythonCode, service: DescService, types: MessageModules): void {
  code.line();
  code.line();
  code.block(`class ${safeName(service.name)}Client:`, () => {
    code.doc(commentOf(service) || `Calls ${service.typeName}.`);
    code.line();
    code.line('# A channel of grpcio, or one of zrpc_frames.');
    code.block('def __init__(self, channel: _t.Any) -> None:', () => {
      for (const method of service.methods) callableCode(code, service, method, types);
      if (service.methods.length === 0) code.line('pass');
    });
    for (const method of service.methods) {
      const name = snakeCase(method.name);
      code.line();
      code.line(`def ${name}(`);
      code.line('    self,');
      code.line(`    ${requestName(method)}: ${requestType(method, types)},`);
      code.line('    *,');
      code.line('    timeout: float | None = None,');
      code.line('    metadata: _Metadata | None = None,');
      code.block(`) -> ${responseType(method, types)}:`, () => {
        code.doc(commentOf(method));
        const call = `self._${name}(${requestName(method)}, timeout=timeout, metadata=metadata)`;
        code.line(`return _t.cast("${responseType(method, types)}", ${call})`);
      });
    }
  });
}

function callableCode(
  code: PythonCode,
  service: DescService,
  method: DescMethod,
  types: MessageModules,
): void {
  code.line(`self._${snakeCase(method.name)} = channel.${callableOf[method.methodKind]}(`);
  code.line(`    ${quote(`/${service.typeName}/${method.name}`)},`);
  code.line(`    request_serializer=${types.typeName(method.input)}.SerializeToString,`);
  code.line(`    response_deserializer=${types.typeName(method.output)}.FromString,`);
  code.line(')');
}

function servicerCode(code: PythonCode, service: DescService, types: MessageModules): void {
  code.line();
  code.line();
  code.block(`class ${safeName(service.name)}Servicer:`, () => {
    code.doc(
      `Serves ${service.typeName} in grpcio; a method that is not written is unimplemented.`,
    );
    for (const method of service.methods) {
      code.line();
      code.line(`def ${snakeCase(method.name)}(`);
      code.line(
        `    self, ${servedName(method)}: ${servedType(method, types)}, context: _grpc.ServicerContext`,
      );
      code.block(`) -> ${responseType(method, types)}:`, () => {
        code.doc(commentOf(method));
        code.line('import grpc');
        code.line();
        const message = quote(`${method.name} is not implemented`);
        code.line(`context.abort(grpc.StatusCode.UNIMPLEMENTED, ${message})`);
        code.line('raise NotImplementedError');
      });
    }
  });
}

function servedName(method: DescMethod): string {
  return requestName(method);
}

/** grpcio gives a stream of requests as an iterator. */
function servedType(method: DescMethod, types: MessageModules): string {
  return requestType(method, types).replace('_t.Iterable', '_t.Iterator');
}

function registrationCode(code: PythonCode, service: DescService, types: MessageModules): void {
  const name = snakeCase(service.name);
  code.line();
  code.line();
  code.line(`def add_${name}(`);
  code.line(`    servicer: ${safeName(service.name)}Servicer, server: _grpc.Server`);
  code.block(') -> None:', () => {
    code.doc('Has the server answer calls with the servicer.');
    code.line('import grpc');
    code.line();
    code.line('handlers: dict[str, _t.Any] = {');
    for (const method of service.methods) {
      const handler = `${callableOf[method.methodKind]}_rpc_method_handler`;
      code.line(`    ${quote(method.name)}: grpc.${handler}(`);
      code.line(`        servicer.${snakeCase(method.name)},`);
      code.line(`        request_deserializer=${types.typeName(method.input)}.FromString,`);
      code.line(`        response_serializer=${types.typeName(method.output)}.SerializeToString,`);
      code.line('    ),');
    }
    code.line('}');
    const typeName = quote(service.typeName);
    code.line(`handler = grpc.method_handlers_generic_handler(${typeName}, handlers)`);
    code.line('server.add_generic_rpc_handlers((handler,))');
  });
}
