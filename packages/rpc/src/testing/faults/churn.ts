import { SeededRandom } from '../../command/mock/seeded-random.ts';
import type { CallOptions } from '../../core/client.ts';
import type { Note, NotesClient } from '../note-service.ts';
import { fail, hold } from './fault-service.ts';
import { described } from './held-calls.ts';

const abreast = 64;
const maxPayloadBytes = 2_000;
const streamMessages = 10;
/** The rates of calls that do not end well by themselves, each of one call or stream in so many. */
const failing = 20;
const cancelled = 20;
const overdue = 50;
const maxDeadlineMs = 4;

/** How calls and streams ended, by code. */
export interface ChurnEnds {
  readonly calls: Readonly<Record<string, number>>;
  readonly streams: Readonly<Record<string, number>>;
}

/**
 * Makes so many unary calls and so many streams of all kinds, mixed, some at once. Of each some fail,
 * some are cancelled at a random moment, some are not answered before their deadline, and of some
 * streams the reader leaves or the writer throws.
 */
export async function churn(
  client: NotesClient,
  calls: number,
  streams: number,
  seed: number,
): Promise<ChurnEnds> {
  const random = new SeededRandom(seed);
  const ends = { calls: {} as Record<string, number>, streams: {} as Record<string, number> };
  const payload = new Uint8Array(maxPayloadBytes);
  let callsLeft = calls;
  let streamsLeft = streams;
  const worker = async (): Promise<void> => {
    while (callsLeft + streamsLeft > 0) {
      const isCall = random.integer(1, callsLeft + streamsLeft) <= callsLeft;
      if (isCall) callsLeft--;
      else streamsLeft--;
      const part = payload.subarray(0, random.integer(0, maxPayloadBytes));
      const run = isCall ? unaryCall(client, random, part) : stream(client, random, part);
      const code = await run.then(
        () => 'ok',
        (error: unknown) => described(error).code,
      );
      const counts = isCall ? ends.calls : ends.streams;
      counts[code] = (counts[code] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: abreast }, worker));
  return ends;
}

function unaryCall(client: NotesClient, random: SeededRandom, payload: Uint8Array): Promise<Note> {
  if (one(random, failing)) return client.echo({ text: fail, payload });
  if (one(random, overdue)) {
    return client.echo({ text: hold, payload }, { timeoutMs: random.integer(1, maxDeadlineMs) });
  }
  if (one(random, cancelled)) return client.echo({ text: hold }, cancelledSoon(random));
  return client.echo({ payload });
}

async function stream(
  client: NotesClient,
  random: SeededRandom,
  payload: Uint8Array,
): Promise<void> {
  const text = one(random, failing) ? fail : one(random, overdue) ? hold : '';
  const options: CallOptions =
    text === hold
      ? { timeoutMs: random.integer(1, maxDeadlineMs) }
      : one(random, cancelled)
        ? cancelledSoon(random)
        : {};
  const leavesAfter = one(random, cancelled) ? random.integer(1, streamMessages) : 0;
  const throwsAfter = one(random, failing) ? random.integer(0, streamMessages) : -1;
  const kind = random.integer(0, 2);
  if (kind === 0) {
    const request = { number: streamMessages, text, payload };
    await read(client.list(request, options), leavesAfter);
  } else if (kind === 1) await client.collect(requests(text, payload, throwsAfter), options);
  else await read(client.chat(requests(text, payload, throwsAfter), options), leavesAfter);
}

/** Reads to the end, or leaves after so many messages. */
async function read(notes: AsyncIterable<Note>, leavesAfter: number): Promise<void> {
  let count = 0;
  for await (const _ of notes) if (++count === leavesAfter) return;
}

async function* requests(
  text: string,
  payload: Uint8Array,
  throwsAfter: number,
): AsyncGenerator<{ number: number; payload: Uint8Array }> {
  for (let number = 0; number < streamMessages; number++) {
    if (number === throwsAfter) throw new Error('the writer of the requests gives up');
    yield { number, payload };
  }
  if (text === hold) await new Promise<never>(() => {});
}

/** A signal that is aborted before the call has left, or some turns of the event loop later. */
function cancelledSoon(random: SeededRandom): CallOptions {
  const controller = new AbortController();
  let turns = random.integer(0, 4);
  const turn = (): void => {
    if (turns-- === 0) controller.abort();
    else setImmediate(turn);
  };
  turn();
  return { signal: controller.signal };
}

function one(random: SeededRandom, inSoMany: number): boolean {
  return random.integer(1, inSoMany) === 1;
}
