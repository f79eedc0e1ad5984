import type { JsonValue } from '../codec/json-value.ts';
import type { MessageInit, MessageType } from '../codec/message-type.ts';
import type { Reader } from '../codec/reader.ts';
import type { Writer } from '../codec/writer.ts';
import type { CallOptions } from '../core/client.ts';
import type { MethodInfo, MethodKind, ServiceType } from '../core/method.ts';
import type { CallContext } from '../core/server.ts';

/** The one message of the service that transports are tested with. */
export interface Note {
  text: string;
  payload: Uint8Array;
  number: number;
}

export const Note: MessageType<Note> = {
  typeName: 'zrpc.test.Note',
  create: (init = {}) => ({
    text: init.text ?? '',
    payload: init.payload ?? new Uint8Array(0),
    number: init.number ?? 0,
  }),
  encode(note: MessageInit<Note>, writer: Writer): void {
    if (note.text) {
      writer.tag(0x0a);
      writer.string(note.text);
    }
    if (note.payload !== undefined && note.payload.length > 0) {
      writer.tag(0x12);
      writer.bytes(note.payload);
    }
    if (note.number) {
      writer.tag(0x18);
      writer.uint32(note.number);
    }
  },
  decode(reader: Reader, end: number): Note {
    const note: Note = { text: '', payload: new Uint8Array(0), number: 0 };
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag === 0x0a) note.text = reader.string();
      else if (tag === 0x12) note.payload = reader.bytes();
      else if (tag === 0x18) note.number = reader.uint32();
      else reader.skip(tag);
    }
    return note;
  },
  toJson: (note): JsonValue => ({ text: note.text ?? '', number: note.number ?? 0 }),
  fromJson: (json) => Note.create(json as unknown as MessageInit<Note>),
};

export interface NotesClient {
  echo(request: MessageInit<Note>, options?: CallOptions): Promise<Note>;
  list(request: MessageInit<Note>, options?: CallOptions): AsyncIterable<Note>;
  collect(requests: AsyncIterable<MessageInit<Note>>, options?: CallOptions): Promise<Note>;
  chat(requests: AsyncIterable<MessageInit<Note>>, options?: CallOptions): AsyncIterable<Note>;
}

export interface NotesHandlers {
  echo(request: Note, context: CallContext): Promise<MessageInit<Note>> | MessageInit<Note>;
  list(request: Note, context: CallContext): AsyncIterable<MessageInit<Note>>;
  collect(
    requests: AsyncIterable<Note>,
    context: CallContext,
  ): Promise<MessageInit<Note>> | MessageInit<Note>;
  chat(requests: AsyncIterable<Note>, context: CallContext): AsyncIterable<MessageInit<Note>>;
}

export const Notes: ServiceType<NotesClient, NotesHandlers> = {
  typeName: 'zrpc.test.Notes',
  methods: {
    echo: method('Echo', 'unary'),
    list: method('List', 'server-stream'),
    collect: method('Collect', 'client-stream'),
    chat: method('Chat', 'bidi-stream'),
  },
};

function method(name: string, kind: MethodKind): MethodInfo {
  return {
    path: `/zrpc.test.Notes/${name}`,
    name,
    kind,
    idempotency: 'no-side-effects',
    input: Note,
    output: Note,
  };
}
