import { FileParser } from './file-parser.ts';
import { type CachedOutcomes, readIndexCache, writeIndexCache } from './index-cache.ts';
import { type FileOutcome, readFileSymbols } from './read-file-symbols.ts';
import type { CancelRequest, ParseAnswer, ParseRequest, WorkerReady } from './worker-messages.ts';

declare const self: Worker;

/** Outcomes in one message: taking them in holds the other thread for less than a millisecond. */
const batchSize = 16;
/** A cache is written again when more of its outcomes than this have changed. */
const maxStale = 50;

const parser = new FileParser(() => performance.now());
const canceled = new Set<number>();
let last: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<ParseRequest | CancelRequest>) => {
  if ('cancel' in data) canceled.add(data.cancel);
  else last = last.then(() => work(data));
};
self.postMessage({ isReady: true } satisfies WorkerReady);

const unparsable: FileOutcome = {
  kind: 'skipped',
  stamp: { size: 0, mtimeMs: 0 },
  reason: 'unparsable',
};

/** One request after the other; what was canceled ends at its next file. */
async function work(request: ParseRequest): Promise<void> {
  const { id, root, files, cacheFile } = request;
  const cache: CachedOutcomes =
    cacheFile === undefined ? new Map() : await readIndexCache(cacheFile, root);
  const known: CachedOutcomes = new Map();
  let fresh = 0;
  let outcomes: ParseAnswer['outcomes'][number][] = [];
  for (const { path, stamp } of files) {
    if (canceled.delete(id)) return;
    const cached = cache.get(path);
    const read = await readFileSymbols(root, path, stamp ?? cached?.stamp, parser).catch(
      (error: unknown) => {
        // A grammar that trapped leaves memory that nothing may be built on: this thread ends.
        answer({ id, outcomes: [...outcomes, { path, outcome: unparsable }], isLast: false });
        throw error;
      },
    );
    const outcome = read.kind === 'same' && cached !== undefined ? cached : read;
    if (outcome !== cached) fresh += 1;
    if (outcome.kind !== 'same') known.set(path, outcome);
    outcomes.push({ path, outcome });
    if (outcomes.length < batchSize) continue;
    answer({ id, outcomes, isLast: false });
    outcomes = [];
    // Messages, as one to cancel, are heard between turns only.
    await new Promise(setImmediate);
  }
  answer({ id, outcomes, isLast: false });
  const stale = fresh + Math.max(0, cache.size - known.size);
  if (cacheFile !== undefined && stale > Math.min(maxStale, known.size / 4)) {
    // Without a cache the next start is slower, and nothing else.
    await writeIndexCache(cacheFile, root, known).catch(() => {});
  }
  answer({ id, outcomes: [], isLast: true });
  canceled.delete(id);
}

function answer(message: ParseAnswer): void {
  self.postMessage(message);
}
