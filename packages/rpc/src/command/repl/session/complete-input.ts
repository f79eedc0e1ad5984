import type { DescMessage } from '@bufbuild/protobuf';
import { findMethod } from '../../schema/find-symbol.ts';
import type { Candidate, Completion } from '../editor/line-editor.ts';
import { completeJson, completeVariable } from '../language/complete-json.ts';
import { jsonPlace } from '../language/json-place.ts';
import { type Token, tokensOf } from '../language/tokens.ts';
import { commandNamed, commands } from './commands.ts';
import { completeMethod } from './complete-symbol.ts';
import type { Session } from './session.ts';

/**
 * What could stand where the cursor is: commands and methods, what a command takes, or what the JSON of
 * a message has there. Behind the cursor nothing is looked at.
 */
export async function completeInput(
  session: Session,
  text: string,
  cursor: number,
): Promise<Completion> {
  const before = text.slice(0, cursor);
  const tokens = tokensOf(before);
  const { words, jsonTokens } = split(tokens);
  const last = tokens.at(-1);
  if (last?.type === 'variable') {
    return { from: last.from, candidates: completeVariable(last.text, session.variables) };
  }
  if (jsonTokens.length > 0) return await inJson(session, words, jsonTokens, cursor);
  const isNew = last === undefined || last.type === 'blank';
  const written = isNew ? '' : before.slice(wordStart(tokens));
  const from = cursor - written.length;
  const whole = isNew ? words : words.slice(0, -1);
  return { from, candidates: await ofWords(session, whole, written) };
}

interface Parts {
  /** Before the JSON, the last one possibly not whole. */
  readonly words: readonly string[];
  readonly jsonTokens: readonly Token[];
}

function split(tokens: readonly Token[]): Parts {
  const first = tokens.findIndex(
    ({ type, depth }) => depth === 0 && (type === 'open' || type === 'string'),
  );
  const plain = first === -1 ? tokens : tokens.slice(0, first);
  const text = plain.map((token) => token.text).join('');
  const words = text.trim() === '' ? [] : text.trim().split(/\s+/);
  return { words, jsonTokens: first === -1 ? [] : tokens.slice(first) };
}

/** Where the word begins that the text ends in. */
function wordStart(tokens: readonly Token[]): number {
  let start = 0;
  for (const { type, to } of tokens) if (type === 'blank') start = to;
  return start;
}

async function inJson(
  session: Session,
  words: readonly string[],
  tokens: readonly Token[],
  cursor: number,
): Promise<Completion> {
  const desc = await messageFor(session, words);
  const place = jsonPlace(currentValue(tokens), cursor);
  const candidates = desc === undefined ? [] : completeJson(desc, place, session.variables);
  return { from: place.from, candidates };
}

/** Of several values one after another the last. */
function currentValue(tokens: readonly Token[]): readonly Token[] {
  const start = tokens.findLastIndex(({ type, depth }) => type === 'open' && depth === 0);
  return start === -1 ? tokens : tokens.slice(start);
}

/** The message whose JSON follows these words. */
async function messageFor(
  session: Session,
  words: readonly string[],
): Promise<DescMessage | undefined> {
  const [first = '', ...rest] = words.map((word, i) => (i === 0 ? word.replace(/^:/, '') : word));
  if (first === '' || first === 'send') return session.call?.method.input;
  if (first === 'let') return rest[1] === '=' ? await inputOf(session, rest[2]) : undefined;
  if (first === 'call') return await inputOf(session, rest[0]);
  return commandNamed(first) === undefined ? await inputOf(session, first) : undefined;
}

async function inputOf(
  { schema }: Session,
  method: string | undefined,
): Promise<DescMessage | undefined> {
  if (method === undefined) return undefined;
  return (await findMethod(schema, method).catch(() => undefined))?.input;
}

async function ofWords(
  session: Session,
  whole: readonly string[],
  written: string,
): Promise<readonly Candidate[]> {
  const [first, ...rest] = whole;
  if (first === undefined) return await firstWords(session, written);
  const name = first.replace(/^:/, '');
  if (name === 'call' && rest.length === 0) return await completeMethod(session.schema, written);
  if (name === 'let') return rest.length === 2 ? await completeMethod(session.schema, written) : [];
  const command = commandNamed(name);
  if (name === 'send' || name === 'call' || command === undefined) {
    const desc = await messageFor(session, whole);
    return desc === undefined || written !== '' ? [] : [{ text: '{', hint: desc.typeName }];
  }
  return (await command.complete?.(session, [...rest, written])) ?? [];
}

/** Commands, and methods by their services. */
async function firstWords(session: Session, written: string): Promise<Candidate[]> {
  const colon = written.startsWith(':') ? ':' : '';
  const begin = written.slice(colon.length);
  const known = commands
    .filter(({ name }) => name.startsWith(begin) && !begin.includes('/'))
    .map(({ name, usage, summary }) => ({
      text: `${colon}${name}${usage === '' ? '' : ' '}`,
      label: name,
      hint: summary,
    }));
  if (colon !== '') return known;
  const methods = await completeMethod(session.schema, begin).catch(() => []);
  return [...methods, ...known];
}
