import type { ShadowRepository } from './shadow-repository.ts';

/** The bytes of blobs by their hashes, by `git cat-file --batch`; one that is gone is left out. */
export async function readBlobs(
  shadow: ShadowRepository,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const blobs = new Map<string, Buffer>();
  if (hashes.length === 0) return blobs;
  const output = await shadow.git(
    ['cat-file', '--batch'],
    signal,
    Buffer.from(`${hashes.join('\n')}\n`),
  );
  let at = 0;
  for (const hash of hashes) {
    const lineEnd = output.indexOf(10, at);
    const [, kind, size] = output.toString('latin1', at, lineEnd).split(' ');
    at = lineEnd + 1;
    if (kind !== 'blob') continue;
    blobs.set(hash, output.subarray(at, at + Number(size)));
    at += Number(size) + 1;
  }
  return blobs;
}
