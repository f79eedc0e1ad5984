import { createClient } from '../../../core/client.ts';
import { Metadata } from '../../../core/metadata.ts';
import { RpcError } from '../../../rpc-error.ts';
import { connectWebSocket } from '../../websocket/websocket-client.ts';
import { type ConnectFetchOptions, connectFetch } from '../client/connect-fetch.ts';
import { Talk, type TalkClient } from '../testing/talk-service.ts';

/* Runs in a browser. What it returns goes to the test as JSON, so numbers of 64 bits are texts. */

/** How the page calls the server: by WebSocket where there is a `url`. */
export type PageOptions = ConnectFetchOptions | { readonly url: string };

interface PageReport {
  readonly unary: unknown;
  readonly large: number;
  readonly header: unknown;
  readonly trailer: unknown;
  readonly error: unknown;
  readonly stream: string;
  readonly brokenStream: unknown;
  readonly deadline: unknown;
  readonly left: number;
  readonly sum: unknown;
  readonly chat: unknown;
}

/** Makes calls of all kinds. */
export async function run(options: PageOptions): Promise<PageReport> {
  const transport = 'url' in options ? connectWebSocket(options) : connectFetch(options);
  const client = createClient(Talk, transport);
  const word = { text: 'hé 🙂', rawBytes: Uint8Array.of(0, 255), count: 2n ** 60n, tags: ['a'] };
  const unary = await client.look(word);
  const large = await client.say({ text: 'x'.repeat(1_000_000) });
  let header = Metadata.empty;
  let trailer = Metadata.empty;
  await client.say(
    {},
    {
      metadata: { 'x-ask': 'a, b', 'x-ask-bin': Uint8Array.of(1, 255) },
      onHeader: (metadata) => {
        header = metadata;
      },
      onTrailer: (metadata) => {
        trailer = metadata;
      },
    },
  );
  const report = {
    unary: { ...unary, rawBytes: [...unary.rawBytes], count: String(unary.count) },
    large: large.text.length,
    header: [header.get('x-answer'), [...(header.getBytes('x-answer-bin') ?? [])]],
    trailer: [trailer.get('x-after'), [...(trailer.getBytes('x-after-bin') ?? [])]],
    error: await outcome(client.say({ text: 'fail', tags: ['ü 100 %'] })),
    stream: (await counts(client.count({ count: 300n }))).join(),
    brokenStream: await outcome(counts(client.count({ count: 3n, text: 'fail' }))),
    deadline: await outcome(client.say({ text: 'wait' }, { timeoutMs: 50 })),
    left: await leave(client),
    sum: await outcome(client.sum(words(100)).then(({ count }) => String(count))),
    chat: await outcome(counts(client.chat(words(3)))),
  };
  await transport.close();
  return report;
}

/** Leaves a stream that would never end. */
async function leave(client: TalkClient): Promise<number> {
  for await (const { count } of client.count({ count: 2n ** 50n, text: 'leave' })) {
    if (count === 5n) return Number(count);
  }
  return -1;
}

async function counts(words: AsyncIterable<{ count: bigint }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { count } of words) all.push(String(count));
  return all;
}

async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const details = error.details.map(({ type, value }) => [type, [...(value as Uint8Array)]]);
    return { code: error.code, message: error.message, details };
  }
}

async function* words(end: number): AsyncGenerator<{ count: bigint }> {
  for (let count = 0; count < end; count++) yield { count: BigInt(count) };
}
