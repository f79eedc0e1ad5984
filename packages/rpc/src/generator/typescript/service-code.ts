import { type DescMethod, type DescService, type Registry, toJson } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel, MethodOptionsSchema } from '@bufbuild/protobuf/wkt';
import type { Idempotency, MethodKind } from '../../core/method.ts';
import type { CodeFile } from './code-file.ts';
import { docComment } from './comments.ts';
import { keyCode, textCode } from './scalar-code.ts';

const kinds: Readonly<Record<DescMethod['methodKind'], MethodKind>> = {
  unary: 'unary',
  client_streaming: 'client-stream',
  server_streaming: 'server-stream',
  bidi_streaming: 'bidi-stream',
};

/**
 * The interfaces of a client and of the handlers, and the ServiceType. `descriptorSet` is the name of
 * the function that gives the file's descriptors.
 */
export function serviceCode(
  file: CodeFile,
  desc: DescService,
  registry: Registry,
  descriptorSet: string,
): void {
  const client = file.names.clientOf(desc);
  const handlers = file.names.handlersOf(desc);
  interfaceCode(file, desc, `What a client of ${desc.typeName} can call.`, client, clientMethod);
  interfaceCode(file, desc, `What a server of ${desc.typeName} does.`, handlers, handlerMethod);
  for (const line of docComment(desc)) file.line(line);
  const type = `${file.runtimeType('ServiceType')}<${client}, ${handlers}>`;
  file.block(
    `export const ${file.names.of(desc)}: ${type} = {`,
    () => {
      file.line(`typeName: ${textCode(desc.typeName)},`);
      file.block(
        'methods: {',
        () => {
          for (const method of desc.methods) methodCode(file, method, registry);
        },
        '},',
      );
      file.line(`descriptorSet: ${descriptorSet},`);
    },
    '};',
  );
}

function interfaceCode(
  file: CodeFile,
  desc: DescService,
  title: string,
  name: string,
  signature: (file: CodeFile, method: DescMethod) => string,
): void {
  for (const line of docComment(desc, [title])) file.line(line);
  file.block(`export interface ${name} {`, () => {
    for (const method of desc.methods) {
      for (const line of docComment(method)) file.line(line);
      file.line(`${keyCode(method.localName)}${signature(file, method)};`);
    }
  });
  file.line();
}

function clientMethod(file: CodeFile, method: DescMethod): string {
  const init = `${file.runtimeType('MessageInit')}<${file.typeName(method.input)}>`;
  const output = file.typeName(method.output);
  const options = `options?: ${file.runtimeType('CallOptions')}`;
  switch (method.methodKind) {
    case 'unary':
      return `(request: ${init}, ${options}): Promise<${output}>`;
    case 'server_streaming':
      return `(request: ${init}, ${options}): AsyncIterable<${output}>`;
    case 'client_streaming':
      return `(requests: AsyncIterable<${init}>, ${options}): Promise<${output}>`;
    case 'bidi_streaming':
      return `(requests: AsyncIterable<${init}>, ${options}): AsyncIterable<${output}>`;
  }
}

function handlerMethod(file: CodeFile, method: DescMethod): string {
  const input = file.typeName(method.input);
  const init = `${file.runtimeType('MessageInit')}<${file.typeName(method.output)}>`;
  const context = `context: ${file.runtimeType('CallContext')}`;
  switch (method.methodKind) {
    case 'unary':
      return `(request: ${input}, ${context}): Promise<${init}> | ${init}`;
    case 'server_streaming':
      return `(request: ${input}, ${context}): AsyncIterable<${init}>`;
    case 'client_streaming':
      return `(requests: AsyncIterable<${input}>, ${context}): Promise<${init}> | ${init}`;
    case 'bidi_streaming':
      return `(requests: AsyncIterable<${input}>, ${context}): AsyncIterable<${init}>`;
  }
}

function methodCode(file: CodeFile, method: DescMethod, registry: Registry): void {
  const options = customOptions(method, registry);
  file.block(
    `${keyCode(method.localName)}: {`,
    () => {
      file.line(`path: ${textCode(`/${method.parent.typeName}/${method.name}`)},`);
      file.line(`name: ${textCode(method.name)},`);
      file.line(`kind: '${kinds[method.methodKind]}',`);
      file.line(`idempotency: '${idempotencyOf(method)}',`);
      file.line(`input: ${file.messageType(method.input)},`);
      file.line(`output: ${file.messageType(method.output)},`);
      if (method.deprecated) file.line('deprecated: true,');
      if (options !== undefined) optionsCode(file, options);
    },
    '},',
  );
}

function optionsCode(file: CodeFile, options: Readonly<Record<string, unknown>>): void {
  const [first = '', ...rest] = JSON.stringify(options, null, 2).split('\n');
  file.line(`options: ${first}`);
  const last = rest.pop();
  for (const line of rest) file.line(line);
  file.line(`${last},`);
}

function idempotencyOf({ idempotency }: DescMethod): Idempotency {
  switch (idempotency) {
    case MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS:
      return 'no-side-effects';
    case MethodOptions_IdempotencyLevel.IDEMPOTENT:
      return 'idempotent';
    default:
      return 'unknown';
  }
}

/** By the full names of the extensions; undefined for none. */
function customOptions(
  method: DescMethod,
  registry: Registry,
): Readonly<Record<string, unknown>> | undefined {
  const { options } = method.proto;
  if (options === undefined) return undefined;
  const json = toJson(MethodOptionsSchema, options, { registry });
  const custom = Object.entries(json as object)
    .filter(([name]) => name.startsWith('['))
    .map(([name, value]) => [name.slice(1, -1), value]);
  return custom.length === 0 ? undefined : Object.fromEntries(custom);
}
