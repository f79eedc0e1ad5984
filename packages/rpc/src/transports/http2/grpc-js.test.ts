import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  type CallOptions,
  Client,
  compressionAlgorithms,
  credentials,
  Metadata as JsMetadata,
  Server as JsServer,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Listener, Transport } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { codes, RpcError } from '../../rpc-error.ts';
import { fails, gather } from '../../testing/contract/contract-bench.ts';
import { Notes, type NotesClient } from '../../testing/note-service.ts';
import { connectHttp2 } from './connect-http2.ts';
import { listenHttp2 } from './listen-http2.ts';

/*
 * grpc-js as the other side, with messages of bytes: a field of text, `0a LENGTH text`, is a Note.
 */

const bytes = (value: Buffer): Buffer => value;

function noteOf(text: string): Buffer {
  const utf8 = Buffer.from(text);
  if (text === '') return Buffer.alloc(0);
  const length: number[] = [];
  let rest = utf8.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([0x0a, ...length, rest]), utf8]);
}

function textOf(note: Buffer): string {
  if (note.length === 0) return '';
  let at = 1;
  while ((note[at] as number) > 0x7f) at++;
  return note.toString('utf8', at + 1);
}

const large = 'a message of some length, '.repeat(80_000);

describe('a client of grpc-js, our server', () => {
  let listener: Listener;
  let client: Client;
  const waiting = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  const deadlines: number[] = [];

  beforeAll(async () => {
    const server = createServer().add(Notes, {
      echo(note, context) {
        if (note.text === 'metadata') {
          context.sendHeader({
            'x-seen': context.metadata.getAll('x-many').join('+'),
            'x-seen-bin': context.metadata.getBytes('x-raw-bin') ?? new Uint8Array(0),
          });
          context.trailer.append('x-after', 'last');
        }
        if (note.text.startsWith('fail ')) {
          throw new RpcError(
            codes[Number(note.text.slice(5)) - 1] ?? 'unknown',
            'über 100 % \n of it',
          );
        }
        if (note.text === 'wait') {
          deadlines.push(context.deadlineAt - performance.now());
          waiting.resolve();
          context.signal.addEventListener('abort', () => cancelled.resolve());
          return new Promise(() => {});
        }
        return note;
      },
      async *list({ text }) {
        for (const character of text) yield { text: character };
      },
      async collect(notes) {
        let text = '';
        for await (const note of notes) text += note.text;
        return { text };
      },
      async *chat(notes) {
        for await (const note of notes) yield { text: `${note.text}!` };
      },
    });
    listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler: server.handler });
    client = clientOf({});
  });

  afterAll(async () => {
    client.close();
    await listener.close({ graceMs: 0 });
  });

  function clientOf(options: Record<string, number>): Client {
    const target = listener.address.replace('http://', '');
    return new Client(target, credentials.createInsecure(), options);
  }

  function unary(
    text: string,
    metadata = new JsMetadata(),
    options: CallOptions = {},
    by = client,
  ) {
    const seen: { header?: JsMetadata; trailer?: JsMetadata } = {};
    const result = new Promise<string>((resolve, reject) => {
      const call = by.makeUnaryRequest(
        '/zrpc.test.Notes/Echo',
        bytes,
        bytes,
        noteOf(text),
        metadata,
        options,
        (error, reply) => (error ? reject(error) : resolve(textOf(reply as Buffer))),
      );
      call.on('metadata', (header: JsMetadata) => {
        seen.header = header;
      });
      call.on('status', (ended) => {
        seen.trailer = ended.metadata;
      });
    });
    return { result, seen };
  }

  async function failure(result: Promise<unknown>): Promise<ServiceError> {
    return await result.then(
      () => {
        throw new Error('the call should have failed');
      },
      (error: ServiceError) => error,
    );
  }

  test('unary calls, empty, small and large', async () => {
    for (const text of ['', 'hello', large]) expect(await unary(text).result).toBe(text);
  });

  test('metadata both ways', async () => {
    const metadata = new JsMetadata();
    metadata.add('x-many', 'a');
    metadata.add('x-many', 'b c');
    metadata.add('x-raw-bin', Buffer.from([0, 255, 7]));
    const { result, seen } = unary('metadata', metadata);
    await result;
    expect(seen.header?.get('x-seen')).toEqual(['a+b c']);
    expect(seen.header?.get('x-seen-bin')).toEqual([Buffer.from([0, 255, 7])]);
    expect(seen.trailer?.get('x-after')).toEqual(['last']);
  });

  test('every code, with its message', async () => {
    for (let code = 1; code <= 16; code++) {
      const error = await failure(unary(`fail ${code}`).result);
      expect(error.code).toBe(code);
      expect(error.details).toBe('über 100 % \n of it');
    }
  });

  test('an unknown method is unimplemented', async () => {
    const error = await failure(
      new Promise((resolve, reject) => {
        client.makeUnaryRequest('/no.Such/Method', bytes, bytes, noteOf('x'), (failed, reply) =>
          failed ? reject(failed) : resolve(reply),
        );
      }),
    );
    expect(error.code).toBe(status.UNIMPLEMENTED);
  });

  test('streams of all kinds', async () => {
    const listed: string[] = [];
    for await (const note of client.makeServerStreamRequest(
      '/zrpc.test.Notes/List',
      bytes,
      bytes,
      noteOf('abc'),
    )) {
      listed.push(textOf(note));
    }
    expect(listed).toEqual(['a', 'b', 'c']);

    const collected = await new Promise<string>((resolve, reject) => {
      const call = client.makeClientStreamRequest(
        '/zrpc.test.Notes/Collect',
        bytes,
        bytes,
        (error: ServiceError | null, reply?: Buffer) =>
          error ? reject(error) : resolve(textOf(reply as Buffer)),
      );
      for (const text of ['x', 'y', large]) call.write(noteOf(text));
      call.end();
    });
    expect(collected).toBe(`xy${large}`);

    const chat = client.makeBidiStreamRequest('/zrpc.test.Notes/Chat', bytes, bytes);
    const answers: string[] = [];
    chat.write(noteOf('1'));
    for await (const note of chat) {
      answers.push(textOf(note));
      if (answers.length < 3) chat.write(noteOf(String(answers.length + 1)));
      else chat.end();
    }
    expect(answers).toEqual(['1!', '2!', '3!']);
  });

  test('a deadline reaches the server, and a cancellation too', async () => {
    const late = await failure(
      unary('wait', new JsMetadata(), { deadline: Date.now() + 100 }).result,
    );
    expect(late.code).toBe(status.DEADLINE_EXCEEDED);
    expect(deadlines[0]).toBeLessThanOrEqual(101);
    expect(deadlines[0]).toBeGreaterThan(0);

    const call = client.makeUnaryRequest(
      '/zrpc.test.Notes/Echo',
      bytes,
      bytes,
      noteOf('wait'),
      () => {},
    );
    await waiting.promise;
    call.cancel();
    await cancelled.promise;
  });

  test('messages that grpc-js compresses are read, and answered compressed', async () => {
    const gzip = clientOf({ 'grpc.default_compression_algorithm': compressionAlgorithms.gzip });
    try {
      expect(await unary(large, new JsMetadata(), {}, gzip).result).toBe(large);
      expect(await unary('short', new JsMetadata(), {}, gzip).result).toBe('short');
      const deflate = clientOf({
        'grpc.default_compression_algorithm': compressionAlgorithms.deflate,
      });
      const refused = await failure(unary('short', new JsMetadata(), {}, deflate).result);
      expect(refused.code).toBe(status.UNIMPLEMENTED);
      deflate.close();
    } finally {
      gzip.close();
    }
  });

  test('many calls at once', async () => {
    const texts = Array.from({ length: 300 }, (_, i) => `call ${i}`);
    const replies = await Promise.all(texts.map((text) => unary(text).result));
    expect(replies).toEqual(texts);
  });
});

describe('our client, a server of grpc-js', () => {
  const server = new JsServer();
  let transport: Transport;
  let notes: NotesClient;
  const waits = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();

  const path = (name: string) => `/zrpc.test.Notes/${name}`;
  const definition: ServiceDefinition = Object.fromEntries(
    (['Echo', 'List', 'Collect', 'Chat'] as const).map((name) => [
      name,
      {
        path: path(name),
        requestStream: name === 'Collect' || name === 'Chat',
        responseStream: name === 'List' || name === 'Chat',
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    ]),
  );

  beforeAll(async () => {
    server.addService(definition, {
      Echo(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        const text = textOf(call.request);
        if (text.startsWith('fail ')) {
          const metadata = new JsMetadata();
          metadata.add('x-why', 'because');
          answer({ code: Number(text.slice(5)), details: 'über 100 %', metadata });
          return;
        }
        if (text === 'wait') {
          waits.resolve();
          call.on('cancelled', () => cancelled.resolve());
          return;
        }
        if (text === 'metadata') {
          const header = new JsMetadata();
          for (const value of call.metadata.get('x-many')) header.add('x-seen', value);
          header.add('x-seen-bin', call.metadata.get('x-raw-bin')[0] as Buffer);
          call.sendMetadata(header);
        }
        const trailer = new JsMetadata();
        trailer.add('x-after', 'last');
        answer(null, call.request, trailer);
      },
      List(call: ServerWritableStream<Buffer, Buffer>) {
        for (const character of textOf(call.request)) call.write(noteOf(character));
        call.end();
      },
      Collect(call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        let text = '';
        call.on('data', (note: Buffer) => {
          text += textOf(note);
        });
        call.on('end', () => answer(null, noteOf(text)));
      },
      Chat(call: ServerDuplexStream<Buffer, Buffer>) {
        call.on('data', (note: Buffer) => call.write(noteOf(`${textOf(note)}!`)));
        call.on('end', () => call.end());
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    transport = connectHttp2({ url: `http://127.0.0.1:${port}` });
    notes = createClient(Notes, transport);
  });

  afterAll(async () => {
    await transport.close();
    server.forceShutdown();
  });

  test('unary calls, empty, small and large', async () => {
    for (const text of ['', 'hello', large]) expect((await notes.echo({ text })).text).toBe(text);
  });

  test('metadata both ways', async () => {
    let seen: string | undefined;
    let raw: Uint8Array | undefined;
    let after: string | undefined;
    await notes.echo(
      { text: 'metadata' },
      {
        metadata: { 'x-many': ['a', 'b c'], 'x-raw-bin': new Uint8Array([0, 255, 7]) },
        onHeader: (header) => {
          // An HTTP/2 library may join the values of a name.
          seen = header.getAll('x-seen').join(', ');
          raw = header.getBytes('x-seen-bin');
        },
        onTrailer: (trailer) => {
          after = trailer.get('x-after');
        },
      },
    );
    expect(seen).toBe('a, b c');
    expect(raw).toEqual(new Uint8Array([0, 255, 7]));
    expect(after).toBe('last');
  });

  test('every code, with its message and trailer', async () => {
    for (const [i, code] of codes.entries()) {
      let why: string | undefined;
      const error = await fails(
        notes.echo(
          { text: `fail ${i + 1}` },
          {
            onTrailer: (trailer) => {
              why = trailer.get('x-why');
            },
          },
        ),
        code,
      );
      expect(error.message).toBe('über 100 %');
      expect(why).toBe('because');
    }
  });

  test('streams of all kinds', async () => {
    const listed = await gather(notes.list({ text: 'abc' }));
    expect(listed.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    async function* three() {
      for (const text of ['x', 'y', large]) yield { text };
    }
    expect((await notes.collect(three())).text).toBe(`xy${large}`);
    const answers = await gather(notes.chat(three()));
    expect(answers.map(({ text }) => text)).toEqual(['x!', 'y!', `${large}!`]);
  });

  test('a deadline passes, and the server learns of it', async () => {
    const call = notes.echo({ text: 'wait' }, { timeoutMs: 100 });
    await waits.promise;
    await fails(call, 'deadline_exceeded');
    await cancelled.promise;
  });

  test('messages that we compress are read', async () => {
    const reply = await notes.echo({ text: large }, { compression: 'gzip' });
    expect(reply.text).toBe(large);
  });

  test('many calls at once', async () => {
    const texts = Array.from({ length: 300 }, (_, i) => `call ${i}`);
    const replies = await Promise.all(texts.map((text) => notes.echo({ text })));
    expect(replies.map(({ text }) => text)).toEqual(texts);
  });
});
