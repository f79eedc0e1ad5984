import { lstat, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { languageOf } from './languages.ts';

/** Larger files are not learned from: nobody typed them. */
const maxSourceBytes = 512 * 1_024;

/** The same for data and prose, of which there is much and little is learned. */
const maxDataBytes = 64 * 1_024;

/** A file whose lines are longer on average was made by a program. */
const maxMeanLineCharacters = 300;

/** Where marks of generated files are looked for. */
const headCharacters = 1000;

const dataFamilies = new Set(['json', 'yaml', 'toml', 'markup', 'prose', 'style', 'other']);

/**
 * The text of a file to learn from; undefined where it is none: gone, a link, too large, binary, generated
 * or minified.
 */
export async function readSource(root: string, path: string): Promise<string | undefined> {
  const whole = join(root, path);
  try {
    const found = await lstat(whole);
    if (!found.isFile() || found.size > maxBytesOf(path)) return undefined;
    const text = await readFile(whole, 'utf8');
    return isLearnable(path, text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The same of a path that nobody listed: nothing where a folder of it is a link. `root` is resolved. */
export async function readChanged(root: string, path: string): Promise<string | undefined> {
  const whole = join(root, path);
  const resolved = await realpath(whole).catch(() => undefined);
  return resolved === whole ? readSource(root, path) : undefined;
}

/** Whether text is what people type: not too much, no zero bytes, no mark of a generator, no endless lines. */
export function isLearnable(path: string, text: string): boolean {
  if (text.length > maxBytesOf(path) || text.includes('\0')) return false;
  const head = text.slice(0, headCharacters);
  if (/@generated|DO NOT EDIT|auto-?generated/i.test(head)) return false;
  return text.length < headCharacters || text.length / lineCount(text) <= maxMeanLineCharacters;
}

function maxBytesOf(path: string): number {
  const family = languageOf(path)?.family ?? 'other';
  return dataFamilies.has(family) ? maxDataBytes : maxSourceBytes;
}

function lineCount(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
