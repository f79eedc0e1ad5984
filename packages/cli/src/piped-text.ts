import { fstatSync } from 'node:fs';
import { RpcError } from '@zeke/rpc';
import type { Context } from './context.ts';

/** What is read from a pipe, in bytes. */
const maxInputBytes = 16 * 1024 * 1024;

/**
 * Text from a pipe or a file; a terminal, and the null device, have none. Throws `invalid_argument` for
 * more than 16 MiB.
 */
export async function pipedText({ stdin }: Context): Promise<string> {
  if (stdin.isTTY || !hasData()) return '';
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxInputBytes) {
      throw new RpcError('invalid_argument', `more than ${maxInputBytes} bytes are piped in`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8').trimEnd();
}

/**
 * Words for the assistant with what is piped in: alone it is the words; beside words it is material, in a fence
 * longer than any in it, so that nothing in it is a mention that files or pages are taken for.
 */
export function withPiped(words: string, piped: string): string {
  if (words.trim() === '') return piped;
  if (piped.trim() === '') return words;
  const longest = Math.max(2, ...[...piped.matchAll(/`{3,}/g)].map(([fence]) => fence.length));
  const fence = '`'.repeat(longest + 1);
  return `${words}\n\n${fence}\n${piped}\n${fence}`;
}

function hasData(): boolean {
  try {
    const kind = fstatSync(0);
    return kind.isFIFO() || kind.isFile() || kind.isSocket();
  } catch {
    return false;
  }
}
