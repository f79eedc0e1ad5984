/** A part of an input. All of them together are the input. */
export interface Token {
  readonly type:
    | 'blank'
    | 'comment'
    /** A command, a method, a target, a value of a command; in JSON what is no JSON. */
    | 'word'
    /** In double quotes, which the last one may lack. */
    | 'string'
    | 'number'
    /** true, false, null */
    | 'literal'
    /** `$name.field[0]` or `${name.field}` */
    | 'variable'
    | 'open'
    | 'close'
    | 'colon'
    | 'comma';
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** Brackets that are open around it. */
  readonly depth: number;
}

const strings = /"(?:[^"\\\n]|\\.)*"?/y;
const blanks = /\s+/y;
const variables = /\$(?:\{[\w.[\]]*\}?|[A-Za-z_]\w*(?:\.\w*|\[\d*\]?)*|)/y;
const numbers = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const comments = /#[^\n]*/y;
/** Within brackets a colon ends a word, elsewhere it is part of a target. */
const jsonWords = /[^\s{}[\]",:$]+|\$/y;
const plainWords = /[^\s{}[\]",$]+|\$/y;

const signs: Readonly<Record<string, Token['type']>> = {
  '{': 'open',
  '[': 'open',
  '}': 'close',
  ']': 'close',
  ':': 'colon',
  ',': 'comma',
};

/** The tokens of an input: words of commands, then JSON with variables in it. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const [type, length] = tokenAt(text, at, depth);
    if (type === 'close') depth = Math.max(0, depth - 1);
    tokens.push({ type, from: at, to: at + length, text: text.slice(at, at + length), depth });
    if (type === 'open') depth++;
    at += length;
  }
  return tokens;
}

function tokenAt(text: string, at: number, depth: number): [Token['type'], number] {
  const character = text[at] ?? '';
  const lengthOf = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0].length ?? 0;
  };
  if (character === '"') return ['string', lengthOf(strings)];
  if (/\s/.test(character)) return ['blank', lengthOf(blanks)];
  if (character === '#' && /(?:^|\n)\s*$/.test(text.slice(0, at))) {
    return ['comment', lengthOf(comments)];
  }
  if (character === '$') return ['variable', Math.max(1, lengthOf(variables))];
  const sign = signs[character];
  if (sign !== undefined && (depth > 0 || sign === 'open' || sign === 'close')) return [sign, 1];
  if (depth > 0) {
    const digits = lengthOf(numbers);
    if (digits > 0) return ['number', digits];
  }
  const length = lengthOf(depth > 0 ? jsonWords : plainWords) || 1;
  const word = text.slice(at, at + length);
  return [/^(?:true|false|null)$/.test(word) ? 'literal' : 'word', length];
}

/** Brackets that are open at the end of the text. */
export function openBrackets(text: string): number {
  let depth = 0;
  for (const { type } of tokensOf(text)) {
    if (type === 'open') depth++;
    else if (type === 'close') depth--;
  }
  return depth;
}
