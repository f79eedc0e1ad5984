import type { NotesClient } from '../note-service.ts';
import { described } from './held-calls.ts';

/** What was done, all of it checked byte by byte. */
export interface WorkDone {
  readonly calls: number;
  readonly streams: number;
  readonly bytes: number;
  /** What went wrong, at most ten. */
  readonly faults: readonly string[];
}

const streamMessages = 50;
const largestBytes = 60_000;
const abreast = 8;
const maxFaults = 10;

/**
 * Makes calls and streams in both directions for so long, with messages of all sizes, and compares
 * every byte that comes back with what was sent.
 */
export async function checkedWork(client: NotesClient, forMs: number): Promise<WorkDone> {
  const done = { calls: 0, streams: 0, bytes: 0, faults: [] as string[] };
  const until = performance.now() + forMs;
  const worker = async (seed: number): Promise<void> => {
    for (let turn = seed; performance.now() < until; turn += abreast) {
      try {
        if (turn % 4 === 0) {
          done.bytes += await checkedChat(client, turn);
          done.streams++;
        } else {
          done.bytes += await checkedEcho(client, turn);
          done.calls++;
        }
      } catch (error) {
        const { code, message } = described(error);
        done.faults.push(`${code}: ${message}`);
        if (done.faults.length >= maxFaults) return;
      }
    }
  };
  await Promise.all(Array.from({ length: abreast }, (_, seed) => worker(seed)));
  return done;
}

async function checkedEcho(client: NotesClient, turn: number): Promise<number> {
  const payload = patternOf(turn, (turn * 7_919) % largestBytes);
  const reply = await client.echo({ number: turn, payload });
  check(reply.number === turn && Buffer.compare(reply.payload, payload) === 0, `echo ${turn}`);
  return payload.length * 2;
}

async function checkedChat(client: NotesClient, turn: number): Promise<number> {
  const sizeOf = (number: number): number => ((turn + number) * 4_099) % largestBytes;
  async function* questions(): AsyncGenerator<{ number: number; payload: Uint8Array }> {
    for (let number = 0; number < streamMessages; number++) {
      yield { number, payload: patternOf(turn + number, sizeOf(number)) };
    }
  }
  let next = 0;
  let bytes = 0;
  for await (const { number, payload } of client.chat(questions())) {
    check(number === next, `message ${number} of stream ${turn} came as number ${next}`);
    const sent = patternOf(turn + number, sizeOf(number));
    check(Buffer.compare(payload, sent) === 0, `message ${number} of stream ${turn} has changed`);
    bytes += payload.length * 2;
    next++;
  }
  check(next === streamMessages, `stream ${turn} ended after ${next} messages`);
  return bytes;
}

/** Bytes that tell a shifted, a lost and an exchanged one. */
function patternOf(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (state ^ (state << 13)) >>> 0;
    state = (state ^ (state >>> 17)) >>> 0;
    state = (state ^ (state << 5)) >>> 0;
    bytes[i] = state;
  }
  return bytes;
}

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`wrong: ${what}`);
}
