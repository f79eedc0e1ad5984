import { expect, test } from 'bun:test';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
} from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import type { MessageInit } from '../../codec/message-type.ts';
import { createClient } from '../../core/client.ts';
import type { ServiceType } from '../../core/method.ts';
import { createServer } from '../../core/server.ts';
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes } from '../../testing/note-service.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { createHealth } from '../health/health.ts';
import { reflect } from './reflection-client.ts';
import { addReflection } from './reflection-server.ts';

/** A service with descriptors and nothing else: a file that imports another one, with an extension. */
function describedService(): ServiceType {
  const options = file_google_protobuf_descriptor.proto;
  const base = create(FileDescriptorProtoSchema, {
    name: 'test/base.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: ['google/protobuf/descriptor.proto'],
    messageType: [
      {
        name: 'Outer',
        field: [{ name: 'text', number: 1, type: 9, label: 1, jsonName: 'text', oneofIndex: 0 }],
        oneofDecl: [{ name: 'choice' }],
        nestedType: [
          { name: 'Inner', enumType: [{ name: 'Kind', value: [{ name: 'NONE', number: 0 }] }] },
        ],
      },
    ],
    extension: [
      {
        name: 'note',
        number: 50_001,
        type: 9,
        label: 1,
        jsonName: 'note',
        extendee: '.google.protobuf.MethodOptions',
      },
    ],
  });
  const service = create(FileDescriptorProtoSchema, {
    name: 'test/service.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: ['test/base.proto'],
    service: [
      {
        name: 'Things',
        method: [{ name: 'Get', inputType: '.test.Outer', outputType: '.test.Outer.Inner' }],
      },
    ],
  });
  const set = create(FileDescriptorSetSchema, { file: [options, base, service] });
  const bytes = toBinary(FileDescriptorSetSchema, set);
  return { typeName: 'test.Things', methods: {}, descriptorSet: () => bytes };
}

function setUp() {
  const server = createServer();
  addReflection(server);
  server.add(describedService(), {});
  createHealth().addTo(server);
  const transport = connectMemory({ handler: server.handler });
  return { server, transport };
}

type Question = MessageInit<ServerReflectionRequest>['messageRequest'] & {};
type Answer = ServerReflectionResponse['messageResponse'];

/** What the server answers to these questions on one call. */
async function ask(...questions: readonly Question[]): Promise<readonly Answer[]> {
  const { transport } = setUp();
  async function* requests() {
    for (const messageRequest of questions) yield { host: 'here', messageRequest };
  }
  const answers: Answer[] = [];
  const client = createClient(ServerReflection, transport);
  for await (const response of client.serverReflectionInfo(requests())) {
    expect([response.validHost, response.originalRequest?.host]).toEqual(['here', 'here']);
    answers.push(response.messageResponse);
  }
  await transport.close();
  return answers;
}

/** The names of the files in an answer, or its error. */
function filesOf(answer: Answer | undefined): readonly string[] | number | undefined {
  if (answer?.case === 'errorResponse') return answer.value.errorCode;
  if (answer?.case !== 'fileDescriptorResponse') return undefined;
  return answer.value.fileDescriptorProto.map(
    (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
  );
}

const descriptorFile = 'google/protobuf/descriptor.proto';
const notFound = 5;

test('services are listed in order', async () => {
  const [answer] = await ask({ case: 'listServices', value: '*' });
  const names = answer?.case === 'listServicesResponse' ? answer.value.service : [];
  expect(names.map(({ name }) => name)).toEqual([
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
    'test.Things',
  ]);
});

test('a file comes with its imports, which are not sent twice on one call', async () => {
  const answers = await ask(
    { case: 'fileByFilename', value: 'test/base.proto' },
    { case: 'fileContainingSymbol', value: 'test.Things' },
    { case: 'fileByFilename', value: 'test/base.proto' },
    { case: 'fileByFilename', value: 'test/none.proto' },
  );
  expect(answers.map(filesOf)).toEqual([
    ['test/base.proto', descriptorFile],
    ['test/service.proto'],
    ['test/base.proto'],
    notFound,
  ]);
});

test.each([
  ['test.Things', 'test/service.proto'],
  ['test.Things.Get', 'test/service.proto'],
  ['test.Outer', 'test/base.proto'],
  ['test.Outer.text', 'test/base.proto'],
  ['test.Outer.choice', 'test/base.proto'],
  ['test.Outer.Inner', 'test/base.proto'],
  ['test.Outer.Inner.Kind', 'test/base.proto'],
  ['test.Outer.Inner.NONE', 'test/base.proto'],
  ['test.note', 'test/base.proto'],
  ['google.protobuf.FieldOptions', descriptorFile],
])('the symbol %s is found', async (value, file) => {
  const [answer] = await ask({ case: 'fileContainingSymbol', value });
  expect(filesOf(answer)).toContain(file);
});

test.each(['', 'test', 'test.Thing', '.test.Things', 'constructor', '__proto__'])(
  'the symbol %j is not found',
  async (value) => {
    const [answer] = await ask({ case: 'fileContainingSymbol', value });
    expect(filesOf(answer)).toBe(notFound);
  },
);

test('extensions are found by number, and their numbers by message', async () => {
  const containingType = 'google.protobuf.MethodOptions';
  const [found, none, numbers, empty, unknown, nothing] = await ask(
    { case: 'fileContainingExtension', value: { containingType, extensionNumber: 50_001 } },
    { case: 'fileContainingExtension', value: { containingType, extensionNumber: 50_002 } },
    { case: 'allExtensionNumbersOfType', value: containingType },
    { case: 'allExtensionNumbersOfType', value: 'test.Outer' },
    { case: 'allExtensionNumbersOfType', value: 'test.None' },
    { case: undefined },
  );
  expect(filesOf(found)).toEqual(['test/base.proto', descriptorFile]);
  expect(filesOf(none)).toBe(notFound);
  expect(numbers?.value).toMatchObject({ extensionNumber: [50_001] });
  expect(empty?.value).toMatchObject({ baseTypeName: 'test.Outer', extensionNumber: [] });
  expect(filesOf(unknown)).toBe(notFound);
  expect(filesOf(nothing)).toBe(3);
});

test('a client learns all of a server, and a service that is added later', async () => {
  const { server, transport } = setUp();
  const before = await reflect(transport);
  expect(before.missing).toEqual([]);
  const things = before.registry.getService('test.Things');
  expect(things?.method.get?.input.typeName).toBe('test.Outer');
  expect(before.registry.getService('grpc.health.v1.Health')?.methods).toHaveLength(3);
  const files = fromBinary(FileDescriptorSetSchema, before.descriptorSet).file;
  expect(files.findIndex(({ name }) => name === 'test/base.proto')).toBeLessThan(
    files.findIndex(({ name }) => name === 'test/service.proto'),
  );
  server.add(Notes, {});
  const after = await reflect(transport);
  expect(after.services).toContain(Notes.typeName);
  expect(after.missing).toEqual([Notes.typeName]);
  await transport.close();
});

test('a client may want some symbols only', async () => {
  const { transport } = setUp();
  const { registry } = await reflect(transport, { symbols: ['test.Outer.Inner'] });
  expect(registry.getMessage('test.Outer')).toBeDefined();
  expect(registry.getService('test.Things')).toBeUndefined();
  const failed = await reflect(transport, { symbols: ['test.None'] }).catch((error) => error);
  expect([failed.code, failed.message.includes('test.None')]).toEqual(['not_found', true]);
  await transport.close();
});

/** A server whose reflection says what the test wants. */
function scripted(answer: (question: Question) => MessageInit<ServerReflectionResponse>) {
  const server = createServer().add(ServerReflectionAlpha, {
    async *serverReflectionInfo(requests) {
      for await (const { messageRequest } of requests) yield answer(messageRequest);
    },
  });
  return connectMemory({ handler: server.handler });
}

const listing = (...names: string[]): MessageInit<ServerReflectionResponse> => ({
  messageResponse: {
    case: 'listServicesResponse',
    value: { service: names.map((name) => ({ name })) },
  },
});

const sending = (...files: Uint8Array[]): MessageInit<ServerReflectionResponse> => ({
  messageResponse: { case: 'fileDescriptorResponse', value: { fileDescriptorProto: files } },
});

const refusing = (errorCode: number): MessageInit<ServerReflectionResponse> => ({
  messageResponse: { case: 'errorResponse', value: { errorCode, errorMessage: 'no' } },
});

function fileBytes(name: string, dependency: string[] = [], service?: string): Uint8Array {
  const file = create(FileDescriptorProtoSchema, {
    name,
    package: 'test',
    syntax: 'proto3',
    dependency,
    service: service === undefined ? [] : [{ name: service }],
  });
  return toBinary(FileDescriptorProtoSchema, file);
}

test('a server that has v1alpha alone, and leaves out the files everybody has, is understood', async () => {
  const wellKnown = 'google/protobuf/timestamp.proto';
  const transport = scripted((question) => {
    if (question.case === 'listServices') return listing('test.Old');
    if (question.case !== 'fileContainingSymbol') return refusing(notFound);
    return sending(fileBytes('test/old.proto', [wellKnown], 'Old'));
  });
  const { registry, services } = await reflect(transport);
  expect(services).toEqual(['test.Old']);
  expect(registry.getService('test.Old')).toBeDefined();
  expect(registry.getFile(wellKnown)).toBeDefined();
  await transport.close();
});

test('a server without reflection is said to be so', async () => {
  const transport = connectMemory({ handler: createServer().handler });
  const failed = await reflect(transport).catch((error) => error);
  expect(failed.code).toBe('unimplemented');
  await transport.close();
});

test.each<[string, Uint8Array[], string]>([
  ['that are none', [new Uint8Array([0xff])], 'is none'],
  ['that import what is not there', [fileBytes('a', ['b'])], 'has no b'],
  ['that import each other', [fileBytes('a', ['b']), fileBytes('b', ['a'])], 'each other'],
])('descriptors %s are told apart from good ones', async (_what, files, words) => {
  const transport = scripted((question) => {
    if (question.case === 'listServices') return listing('test.Bad');
    return question.case === 'fileContainingSymbol' ? sending(...files) : refusing(notFound);
  });
  const failed = await reflect(transport).catch((error) => error);
  expect(failed).toMatchObject({ code: 'data_loss' });
  expect(failed.message).toContain(words);
  await transport.close();
});

test.each<[string, MessageInit<ServerReflectionResponse>, string]>([
  ['another answer than was asked for', listing('x'), 'internal'],
  ['no answer', {}, 'internal'],
  ['an error', refusing(7), 'permission_denied'],
])('%s ends it', async (_what, answer, code) => {
  const transport = scripted((question) =>
    question.case === 'listServices' ? listing('test.Bad') : answer,
  );
  const failed = await reflect(transport).catch((error) => error);
  expect(failed.code).toBe(code);
  await transport.close();
});

test('whatever bytes a server sends as descriptors, the answer is a registry or an RpcError', async () => {
  const good = fileBytes('test/good.proto', [], 'Good');
  const mutated = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const bytes = good.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  let sent: Uint8Array = good;
  const transport = scripted((question) => {
    if (question.case === 'listServices') return listing('test.Good');
    return question.case === 'fileContainingSymbol' ? sending(sent) : refusing(notFound);
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 40 })), async (bytes) => {
      sent = bytes;
      try {
        expect((await reflect(transport)).services).toEqual(['test.Good']);
      } catch (error) {
        expect(error).toBeInstanceOf(RpcError);
      }
    }),
    { numRuns: 150 },
  );
  await transport.close();
});

test('buf finds a method by reflection and calls it', async () => {
  const { server, transport } = setUp();
  const listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler: server.handler });
  const url = `${listener.address}/grpc.health.v1.Health/Check`;
  const flags = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--data', '{}', url];
  const program = new URL('../../../node_modules/.bin/buf', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(program, flags);
  expect(JSON.parse(stdout)).toEqual({ status: 'SERVING' });
  await listener.close();
  await transport.close();
});
