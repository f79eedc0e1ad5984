import {
  createFileRegistry,
  type DescMethod,
  type FileRegistry,
  fromJson,
  type Message,
} from '@bufbuild/protobuf';
import type { GenMessage, GenService } from '@bufbuild/protobuf/codegenv2';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { dynamicMessageType } from '../../../codec/dynamic.ts';
import type { MessageType } from '../../../codec/message-type.ts';
import type { CallOptions } from '../../../core/client.ts';
import type { MethodKind, ServiceType } from '../../../core/method.ts';
import type { CallContext } from '../../../core/server.ts';

/** A service for tests against other implementations: theirs from the descriptor, ours beside it. */
export const talkFile: FileDescriptorProto = fromJson(FileDescriptorProtoSchema, {
  name: 'talk.proto',
  package: 'zrpc.talk',
  syntax: 'proto3',
  messageType: [
    {
      name: 'Word',
      field: [
        field('text', 1, { type: 'TYPE_STRING' }),
        field('raw_bytes', 2, { type: 'TYPE_BYTES', jsonName: 'rawBytes' }),
        field('count', 3, { type: 'TYPE_INT64' }),
        field('tags', 4, { type: 'TYPE_STRING', label: 'LABEL_REPEATED' }),
        field('inner', 5, { type: 'TYPE_MESSAGE', typeName: '.zrpc.talk.Word' }),
      ],
    },
  ],
  service: [
    {
      name: 'Talk',
      method: [
        rpc('Say', {}),
        { ...rpc('Look', {}), options: { idempotencyLevel: 'NO_SIDE_EFFECTS' } },
        rpc('Count', { serverStreaming: true }),
        rpc('Sum', { clientStreaming: true }),
        rpc('Chat', { clientStreaming: true, serverStreaming: true }),
      ],
    },
  ],
});

const registry: FileRegistry = createFileRegistry(talkFile, () => undefined);

export interface Word {
  text: string;
  rawBytes: Uint8Array;
  count: bigint;
  tags: string[];
  inner: Word | undefined;
}

type Some = Partial<Word>;

type WordMessage = Message<'zrpc.talk.Word'> & Omit<Word, 'inner'> & { inner?: WordMessage };
type WordSchema = GenMessage<WordMessage>;
type Rpc<K extends DescMethod['methodKind']> = {
  methodKind: K;
  input: WordSchema;
  output: WordSchema;
};

/** For other implementations. */
export const talkDesc = found(registry.getService('zrpc.talk.Talk')) as unknown as GenService<{
  say: Rpc<'unary'>;
  look: Rpc<'unary'>;
  count: Rpc<'server_streaming'>;
  sum: Rpc<'client_streaming'>;
  chat: Rpc<'bidi_streaming'>;
}>;

export const wordType = dynamicMessageType(
  found(registry.getMessage('zrpc.talk.Word')),
) as unknown as MessageType<Word>;

export interface TalkClient {
  say(request: Some, options?: CallOptions): Promise<Word>;
  look(request: Some, options?: CallOptions): Promise<Word>;
  count(request: Some, options?: CallOptions): AsyncIterable<Word>;
  sum(requests: AsyncIterable<Some>, options?: CallOptions): Promise<Word>;
  chat(requests: AsyncIterable<Some>, options?: CallOptions): AsyncIterable<Word>;
}

export interface TalkHandlers {
  say(request: Word, context: CallContext): Promise<Some> | Some;
  look(request: Word, context: CallContext): Promise<Some> | Some;
  count(request: Word, context: CallContext): AsyncIterable<Some>;
  sum(requests: AsyncIterable<Word>, context: CallContext): Promise<Some> | Some;
  chat(requests: AsyncIterable<Word>, context: CallContext): AsyncIterable<Some>;
}

const kinds: Readonly<Record<DescMethod['methodKind'], MethodKind>> = {
  unary: 'unary',
  server_streaming: 'server-stream',
  client_streaming: 'client-stream',
  bidi_streaming: 'bidi-stream',
};

/** For ours. */
export const Talk: ServiceType<TalkClient, TalkHandlers> = {
  typeName: talkDesc.typeName,
  methods: Object.fromEntries(
    talkDesc.methods.map((method) => [
      method.localName,
      {
        path: `/${talkDesc.typeName}/${method.name}`,
        name: method.name,
        kind: kinds[method.methodKind],
        idempotency: method.name === 'Look' ? 'no-side-effects' : 'unknown',
        input: wordType,
        output: wordType,
      } as const,
    ]),
  ),
};

function field(name: string, number: number, more: object): { name: string } {
  return { name, jsonName: name, number, label: 'LABEL_OPTIONAL', ...more } as { name: string };
}

function rpc(name: string, streaming: object): { name: string } {
  return { name, inputType: '.zrpc.talk.Word', outputType: '.zrpc.talk.Word', ...streaming } as {
    name: string;
  };
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the descriptor lacks it');
  return value;
}
