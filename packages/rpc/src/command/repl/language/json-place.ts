import type { Token } from './tokens.ts';

/** Where in JSON something is about to be written. */
export interface JsonPlace {
  /** What it will be. `nothing`: a sign has to come first. */
  readonly kind: 'key' | 'value' | 'nothing';
  /** Names of members, and `[]` for the elements of lists, from the outermost on. */
  readonly path: readonly string[];
  /** What of it is written already, without its quotes. */
  readonly written: string;
  /** Where that begins, with its quote. */
  readonly from: number;
  /** The names that the object has already. */
  readonly present: readonly string[];
}

interface Container {
  readonly isObject: boolean;
  readonly keys: string[];
  /** The member whose value is written. */
  key: string | undefined;
  expects: 'key' | 'colon' | 'value' | 'comma';
}

/** The place at the end of these tokens, the first of which begins the JSON; `end` is where that is. */
export function jsonPlace(tokens: readonly Token[], end: number): JsonPlace {
  const last = tokens.at(-1);
  const partial = last !== undefined && isPartial(last) ? last : undefined;
  const containers: Container[] = [];
  for (const token of tokens) if (token !== partial) step(containers, token);
  const inner = containers.at(-1);
  const path = containers.flatMap(({ isObject, key }) => (isObject ? (key ?? []) : '[]'));
  const isDone = inner === undefined && containers.length === 0 && tokens.some(isSign);
  return {
    kind: isDone ? 'nothing' : kindOf(inner),
    path,
    written: partial?.text.replace(/^"/, '') ?? '',
    from: partial?.from ?? end,
    present: inner?.keys ?? [],
  };
}

function isSign({ type }: Token): boolean {
  return type === 'open' || type === 'close';
}

/** Words and texts that may go on. */
function isPartial({ type, text }: Token): boolean {
  if (type === 'string') return text.length < 2 || !text.endsWith('"');
  return type === 'word' || type === 'variable' || type === 'number' || type === 'literal';
}

function kindOf(container: Container | undefined): JsonPlace['kind'] {
  if (container === undefined) return 'value';
  const { expects } = container;
  return expects === 'key' || expects === 'value' ? expects : 'nothing';
}

function step(containers: Container[], token: Token): void {
  const inner = containers.at(-1);
  switch (token.type) {
    case 'open':
      containers.push({
        isObject: token.text === '{',
        keys: [],
        key: undefined,
        expects: token.text === '{' ? 'key' : 'value',
      });
      return;
    case 'close': {
      containers.pop();
      const outer = containers.at(-1);
      if (outer !== undefined) outer.expects = 'comma';
      return;
    }
    case 'colon':
      if (inner?.isObject) inner.expects = 'value';
      return;
    case 'comma':
      if (inner === undefined) return;
      inner.expects = inner.isObject ? 'key' : 'value';
      inner.key = undefined;
      return;
    case 'blank':
    case 'comment':
      return;
    default:
      if (inner === undefined) return;
      if (inner.isObject && inner.expects === 'key') {
        inner.key = token.text.replaceAll('"', '');
        inner.keys.push(inner.key);
        inner.expects = 'colon';
      } else inner.expects = 'comma';
  }
}
