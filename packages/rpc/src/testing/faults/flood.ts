import type { NotesClient } from '../note-service.ts';
import { described } from './held-calls.ts';

const timeoutMs = 1_000;
const callsAbreast = 300;
const streamsAbreast = 20;
const callBytes = 1_000;
const streamMessageBytes = 100_000;

/** How calls ended, by code, and how much later than its deadline the latest did, in milliseconds. */
export interface FloodEnds {
  readonly ends: Readonly<Record<string, number>>;
  readonly latestMs: number;
}

/** Makes calls and sends streams for so long, always as many at once, each with a deadline. */
export async function flood(client: NotesClient, forMs: number): Promise<FloodEnds> {
  const ends: Record<string, number> = {};
  let latestMs = 0;
  const until = performance.now() + forMs;
  const worker = async (call: () => Promise<unknown>): Promise<void> => {
    while (performance.now() < until) {
      const begun = performance.now();
      const code = await call().then(
        () => 'ok',
        (error: unknown) => described(error).code,
      );
      ends[code] = (ends[code] ?? 0) + 1;
      latestMs = Math.max(latestMs, performance.now() - begun - timeoutMs);
      // A call that is refused at once is not made again at once.
      await Bun.sleep(10);
    }
  };
  const payload = new Uint8Array(callBytes);
  const large = new Uint8Array(streamMessageBytes);
  async function* withoutEnd(): AsyncGenerator<{ payload: Uint8Array }> {
    for (;;) yield { payload: large };
  }
  await Promise.all([
    ...Array.from({ length: callsAbreast }, () =>
      worker(() => client.echo({ payload }, { timeoutMs })),
    ),
    ...Array.from({ length: streamsAbreast }, () =>
      worker(() => client.collect(withoutEnd(), { timeoutMs })),
    ),
  ]);
  return { ends, latestMs };
}
