import { commandPattern } from './command-pattern.ts';
import { pathPattern } from './path-pattern.ts';

export type RuleVerdict = 'allow' | 'ask' | 'deny';

/** What one rule is about. `pattern` is undefined where the rule is about all of its kind. */
export type RuleSubject =
  | { readonly kind: 'read' | 'write'; readonly pattern: string | undefined }
  /** Words of commands joined by NUL, with stars; of those that reach the network or the host, too. */
  | { readonly kind: 'shell' | 'network' | 'host'; readonly pattern: string | undefined }
  | { readonly kind: 'fetch'; readonly pattern: string | undefined }
  | { readonly kind: 'mcp'; readonly pattern: string | undefined }
  | { readonly kind: 'tool'; readonly pattern: string };

export interface Rule {
  readonly verdict: RuleVerdict;
  /** As it was written: `shell(npm test *)`. */
  readonly text: string;
  readonly subject: RuleSubject;
  readonly origin: RuleOrigin;
}

/** Where a rule stands: a line of a file, an answer of a person, or what started the session. */
export type RuleOrigin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'session' }
  | { readonly kind: 'project' }
  | { readonly kind: 'caller' };

/** `permissions.toml:3`, `allowed for this session`. */
export function showOrigin(origin: RuleOrigin): string {
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}`;
    case 'session':
      return 'allowed for this session';
    case 'project':
      return 'allowed for this project';
    case 'caller':
      return 'said at the start';
  }
}

/** Over this a rule is refused, in characters. */
const maxRuleLength = 2_000;

/**
 * Reads `kind` or `kind(pattern)`: the kinds are `read`, `write`, `shell`, `network`, `host`, `fetch`,
 * `mcp`, and the names of tools. Names that Claude Code and opencode have for them are understood.
 * The answer is a text that says what is wrong, where something is.
 */
export function parseRule(text: string): RuleSubject | string {
  if (text.length > maxRuleLength) return `a rule is over ${maxRuleLength} characters long`;
  const [, head, pattern] = /^\s*([\w*-]+)\s*(?:\((.*)\)\s*)?$/s.exec(text) ?? [];
  if (head === undefined) {
    return `${show(text)} is no rule: write kind(pattern), as in shell(npm test *) or write(src/**)`;
  }
  const body = pattern?.trim();
  if (body === '')
    return `${show(text)}: nothing stands in the parentheses: leave them out, or name something`;
  const kind = kinds[head];
  if (kind === undefined) return parseTool(head, body);
  const all = body === undefined || body === '*';
  switch (kind) {
    case 'read':
    case 'write':
      return withPattern(kind, text, all || body === '**' ? undefined : pathPattern(body));
    case 'shell':
    case 'network':
    case 'host':
      return withPattern(kind, text, all ? undefined : commandPattern(body));
    case 'fetch':
      return withPattern(kind, text, all ? undefined : hostPattern(body));
    case 'mcp':
      return withPattern(
        kind,
        text,
        all ? undefined : { pattern: body.includes('/') ? body : `${body}/*` },
      );
  }
}

/** A pattern, or what is wrong with it. */
export type ParsedPattern = { readonly pattern: string } | { readonly fault: string };

function withPattern(
  kind: 'read' | 'write' | 'shell' | 'network' | 'host' | 'fetch' | 'mcp',
  text: string,
  parsed: ParsedPattern | undefined,
): RuleSubject | string {
  if (parsed === undefined) return { kind, pattern: undefined };
  if ('fault' in parsed) return `${show(text)}: ${parsed.fault}`;
  return { kind, pattern: parsed.pattern };
}

function hostPattern(body: string): ParsedPattern {
  const host = body
    .replace(/^domain:/, '')
    .replace(/^https?:\/\//, '')
    .replace(/\/\*{0,2}$/, '');
  if (/^(?:\*\.)?[\w-]+(?:\.[\w-]+)*(?::\d{1,5})?$|^\[[\da-fA-F:.]+\](?::\d{1,5})?$/.test(host)) {
    return { pattern: host.toLowerCase() };
  }
  return { fault: 'name a host, as in fetch(docs.python.org) or fetch(*.python.org)' };
}

function parseTool(head: string, body: string | undefined): RuleSubject | string {
  if (body !== undefined) {
    const known = ['read', 'write', 'shell', 'network', 'host', 'fetch', 'mcp'].join(', ');
    return `${show(head)} takes no pattern: kinds with one are ${known}`;
  }
  const [, server, tool] = /^mcp__([\w-]+?)(?:__([\w*-]+))?$/.exec(head) ?? [];
  if (server !== undefined) return { kind: 'mcp', pattern: `${server}/${tool ?? '*'}` };
  return { kind: 'tool', pattern: head };
}

function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

type PatternKind = Exclude<RuleSubject['kind'], 'tool'>;

const kinds: Readonly<Record<string, PatternKind | undefined>> = {
  __proto__: null as never,
  read: 'read',
  write: 'write',
  shell: 'shell',
  network: 'network',
  host: 'host',
  fetch: 'fetch',
  mcp: 'mcp',
  // Claude Code's
  Bash: 'shell',
  Edit: 'write',
  MultiEdit: 'write',
  Read: 'read',
  WebFetch: 'fetch',
  Write: 'write',
  // opencode's
  bash: 'shell',
  edit: 'write',
  webfetch: 'fetch',
};
