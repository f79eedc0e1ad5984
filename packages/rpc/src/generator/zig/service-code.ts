import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { commentOf } from '../comment-of.ts';
import type { ZigFile } from './zig-file.ts';
import { declaredName, methodName, quote } from './zig-names.ts';

/** The client of a service. */
export function serviceCode(file: ZigFile, service: DescService): void {
  file.line();
  file.doc(commentOf(service) || `Calls ${service.typeName}.`);
  file.block(
    `pub const ${clientName(file, service)} = struct`,
    () => {
      file.line('connection: *zrpc_runtime.Connection,');
      for (const method of service.methods) methodCode(file, service, method);
    },
    ';',
  );
}

/** A message of the file may have the name already. */
function clientName(file: ZigFile, { name }: DescService): string {
  const taken = new Set([...file.desc.messages, ...file.desc.enums].map((type) => type.name));
  let client = `${name}Client`;
  while (taken.has(client)) client += '_';
  return declaredName(client);
}

function methodCode(file: ZigFile, service: DescService, method: DescMethod): void {
  const request = file.typeName(method.input);
  const response = file.typeName(method.output);
  const path = quote(`/${service.typeName}/${method.name}`);
  const takesOne = method.methodKind === 'unary' || method.methodKind === 'server_streaming';
  const stream = `zrpc_runtime.Stream(${request}, ${response})`;
  const isUnary = method.methodKind === 'unary';
  const failures = isUnary
    ? '(zrpc_runtime.CallError || zrpc_runtime.DecodeError)'
    : 'zrpc_runtime.CallError';
  file.line();
  file.doc(commentOf(method));
  file.line(`pub fn ${methodName(method.name)}(`);
  file.line('    zrpc_self: @This(),');
  if (isUnary) file.line('    zrpc_arena: zrpc_std.mem.Allocator,');
  if (takesOne) file.line(`    zrpc_request: *const ${request},`);
  file.line('    zrpc_options: zrpc_runtime.CallOptions,');
  file.block(`) ${failures}!${isUnary ? response : stream}`, () => {
    if (isUnary) {
      const parameters = `${response}, zrpc_self.connection, ${path}, zrpc_arena, zrpc_request, zrpc_options`;
      file.line(`return zrpc_runtime.unary(${parameters});`);
      return;
    }
    if (!takesOne) {
      file.line(`return .open(zrpc_self.connection, ${path}, zrpc_options);`);
      return;
    }
    file.line(
      `const zrpc_stream: ${stream} = try .open(zrpc_self.connection, ${path}, zrpc_options);`,
    );
    file.line('errdefer zrpc_stream.deinit();');
    file.line('try zrpc_stream.sendLast(zrpc_request);');
    file.line('return zrpc_stream;');
  });
}
