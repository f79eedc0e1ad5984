import type { Styles } from '../../output.ts';
import type { Run, StyledSpan } from '../editor/layout.ts';
import { type Token, tokensOf } from './tokens.ts';

/** The looks of what is typed and shown, by the names that spans have. */
export function styler(styles: Styles): (run: Run) => string {
  const plain = (text: string): string => text;
  const looks: Readonly<Record<string, (text: string) => string>> = {
    prompt: styles.cyan,
    continuation: styles.dim,
    menu: plain,
    'menu-hint': styles.dim,
    'menu-selected': (text) => styles.bold(styles.cyan(text)),
    command: styles.bold,
    key: styles.cyan,
    string: styles.green,
    number: styles.yellow,
    literal: styles.yellow,
    variable: (text) => styles.bold(styles.yellow(text)),
    comment: styles.dim,
    error: styles.red,
  };
  return ({ text, style }) => (looks[style] ?? plain)(text);
}

/** A longer input is drawn plain, as each key draws it again. */
const maxHighlighted = 32 * 1024;

/** How the parts of an input look: commands and methods, and JSON. */
export function highlightInput(text: string): StyledSpan[] {
  if (text.length > maxHighlighted) return [];
  const tokens = tokensOf(text);
  const first = tokens.find(({ type }) => type !== 'blank');
  return tokens.flatMap((token, i) => {
    const style = token === first && token.type === 'word' ? 'command' : styleOf(token, tokens, i);
    return style === undefined ? [] : [{ from: token.from, to: token.to, style }];
  });
}

/** A JSON text with escape sequences for its looks. */
export function highlightJson(text: string, styles: Styles): string {
  const style = styler(styles);
  const tokens = tokensOf(text);
  return tokens
    .map((token, i) => style({ text: token.text, style: styleOf(token, tokens, i) ?? '' }))
    .join('');
}

function styleOf(token: Token, tokens: readonly Token[], index: number): string | undefined {
  const isLast = index === tokens.length - 1;
  switch (token.type) {
    case 'string':
      if (isUnclosed(token.text)) return isLast ? 'string' : 'error';
      return nextSign(tokens, index)?.type === 'colon' && token.depth > 0 ? 'key' : 'string';
    case 'word':
      // JSON has no words but its literals, and what is being written.
      return token.depth > 0 && !isLast ? 'error' : undefined;
    case 'number':
    case 'literal':
    case 'variable':
    case 'comment':
      return token.type;
    default:
      return undefined;
  }
}

function isUnclosed(text: string): boolean {
  return text.length < 2 || !text.endsWith('"') || /[^\\](?:\\\\)*\\"$/.test(text);
}

function nextSign(tokens: readonly Token[], index: number): Token | undefined {
  const next = tokens[index + 1];
  return next?.type === 'blank' ? tokens[index + 2] : next;
}
