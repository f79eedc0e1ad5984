import { RpcError } from '@zeke/rpc';
import type { FilePatch } from './file-patch.ts';
import { parseEnvelope } from './parse-envelope.ts';
import { parseUnified } from './parse-unified.ts';

/**
 * Reads a patch in either form that models write: between `*** Begin Patch` and `*** End Patch`, or a
 * unified diff, of git or not. A fence or a here-document around it does not matter. Throws
 * `invalid_argument` that says which line is wrong and what should stand there.
 */
export function parsePatch(text: string): FilePatch[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const patches = lines.some((line) => line.trim() === '*** Begin Patch')
    ? parseEnvelope(lines)
    : parseUnified(lines);
  if (patches.length > 0) return patches;
  throw new RpcError(
    'invalid_argument',
    'there is no patch: begin with "*** Begin Patch", or give a unified diff with "---", "+++" and "@@" lines',
  );
}
