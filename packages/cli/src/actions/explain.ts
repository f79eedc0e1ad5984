import { RpcError } from '@zeke/rpc';
import type { AskFlags } from '../commands/ask.ts';
import type { Context } from '../context.ts';
import { placeMention } from '../place-mention.ts';
import { askProject } from './ask.ts';

/** `zeke explain`: what a place of the project does, or a thing in it. */
export async function explain(
  context: Context,
  words: readonly string[],
  flags: AskFlags,
): Promise<void> {
  const text = words.join(' ');
  const mentions = words.map((word) => placeMention(word, context.cwd));
  const [missing] = words.filter((word, at) => mentions[at] === undefined && isPlace(word));
  if (words.length === 1 && missing !== undefined) {
    throw new RpcError('not_found', `${missing}: there is no such file here`);
  }
  const subject = mentions.every((each) => each !== undefined) ? mentions.join(' and ') : text;
  await askProject(context, `Explain ${subject}\n\n${how}`, flags, `explain ${text}`);
}

/** Who writes `a.ts:3` or `src/a.ts` does not mean words. */
function isPlace(word: string): boolean {
  return /^[^\s?]+\.\w{1,10}:\d+(?:-\d+)?$|^[^\s?]*\/[^\s?]*\.\w{1,10}$/.test(word);
}

const how =
  'Say first in a sentence or two what it is for, then how it works, in the order in which somebody new has to know it; name what calls it and what it stands on, as `path:line`, and what would surprise. Look into the code before you say something of it.';
