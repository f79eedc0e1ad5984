import { create } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  type MethodDescriptorProto,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  type ServiceDescriptorProto,
  ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { parseOptionStatement } from './parse-option.ts';
import type { ParseState } from './parse-state.ts';
import { parseMessageName } from './parse-type.ts';

/** `service NAME { … }` */
export function parseService(state: ParseState, file: FileDescriptorProto): void {
  const path = [6, file.service.length];
  const location = state.open(path);
  const service = create(ServiceDescriptorProtoSchema);
  file.service.push(service);
  state.take();
  const name = state.identifier("a service's name");
  service.name = name.text;
  state.places.set(service, 'name', name);
  state.mark([...path, 1], name);
  state.expectEnd('{', location, "after the service's name");
  state.block(`service ${service.name}`, () => {
    if (state.at('option')) parseOptionStatement(state, service, [...path, 3]);
    else parseMethod(state, service, [...path, 2, service.method.length]);
  });
  state.close(location);
}

/** `rpc NAME (stream REQUEST) returns (stream RESPONSE);` or with options in braces. */
function parseMethod(
  state: ParseState,
  service: ServiceDescriptorProto,
  path: readonly number[],
): void {
  const location = state.open(path);
  state.expect('rpc', 'at the beginning of a method');
  const method = create(MethodDescriptorProtoSchema);
  service.method.push(method);
  const name = state.identifier("a method's name");
  method.name = name.text;
  state.places.set(method, 'name', name);
  state.mark([...path, 1], name);
  state.expect('(', "after the method's name");
  parseInput(state, method, path);
  state.expect(')', 'after the type');
  state.expect('returns', 'after what the method takes');
  state.expect('(', 'after "returns"');
  parseOutput(state, method, path);
  state.expect(')', 'after the type');
  if (state.acceptEnd('{', location)) {
    method.options = create(MethodOptionsSchema);
    state.block(`method ${method.name}`, () => parseOptionStatement(state, method, [...path, 4]));
  } else {
    state.expectEnd(';', location, 'after the method');
  }
  state.close(location);
}

function parseInput(
  state: ParseState,
  method: MethodDescriptorProto,
  path: readonly number[],
): void {
  if (acceptStream(state, [...path, 5])) method.clientStreaming = true;
  const start = state.current;
  state.places.set(method, 'input', start);
  method.inputType = parseMessageName(state, 'a method');
  state.mark([...path, 2], start);
}

function parseOutput(
  state: ParseState,
  method: MethodDescriptorProto,
  path: readonly number[],
): void {
  if (acceptStream(state, [...path, 6])) method.serverStreaming = true;
  const start = state.current;
  state.places.set(method, 'output', start);
  method.outputType = parseMessageName(state, 'a method');
  state.mark([...path, 3], start);
}

/** A message may be named `stream`, too. */
function acceptStream(state: ParseState, path: readonly number[]): boolean {
  if (!state.at('stream') || state.isNext(')') || state.isNext('.')) return false;
  state.mark(path, state.take());
  return true;
}
