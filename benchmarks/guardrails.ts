/**
 * `bun run benchmarks/guardrails.ts`: what guardrails cost for a KiB of text, whole and in the pieces of a
 * stream, beside a plain scan of the same text by one RegExp as the floor. Prints a Markdown table.
 */
import { cpus, release } from 'node:os';
import type { GuardrailConfig } from '@zeke/foundation';
import { findIn, guardRule, HeldItems, type TextRule } from '@zeke/gateway/guardrails';
import { figure, markdownTable } from './gateway/report/markdown.ts';
import { median } from './gateway/statistics.ts';

const rounds = 9;
const warmUpRounds = 4;
const kib = 1024;
/** About what a record of a stream holds. */
const pieceChars = 16;

const text = await proseAndCode();
const check = (name: string, of: GuardrailConfig['check']): TextRule => {
  const rule = guardRule({ name, action: 'redact', direction: 'both', scope: {}, check: of });
  if (rule.check.kind !== 'texts') throw new Error(`${name} looks at no texts`);
  return rule.check.rule;
};
const secrets = check('secrets', { type: 'secrets', except: [] });
const people = check('people', {
  type: 'personal_data',
  kinds: ['email', 'phone', 'iban', 'payment_card', 'us_ssn', 'ip_address'],
});
const words = check('words', {
  type: 'deny_list',
  words: Array.from({ length: 100 }, (_, at) => `codename ${at.toString(36)}x`),
  patterns: ['INT-\\d{4,8}'],
  ignoreCase: true,
});

/** An address of e-mail, as most would look for one. */
const plain = /[\w.+-]+@[\w-]+\.[\w.-]+/g;
/** Keeps what is measured from being left out. */
let sink = 0;

const contenders: readonly [name: string, run: () => void][] = [
  ['one RegExp (floor)', () => (sink += [...text.matchAll(plain)].length)],
  ['secrets', () => whole([secrets])],
  ['personal_data', () => whole([people])],
  ['deny_list of 100 words', () => whole([words])],
  ['all three', () => whole([secrets, people, words])],
  [`all three, in pieces of ${pieceChars}`, () => inPieces([secrets, people, words])],
];

const costs = new Map(contenders.map(([name]) => [name, [] as number[]]));
for (let round = -warmUpRounds; round < rounds; round++) {
  for (const [name, run] of contenders) {
    const before = process.cpuUsage().user;
    run();
    const micros = process.cpuUsage().user - before;
    if (round >= 0) costs.get(name)?.push(micros);
  }
}

const floor = median(costs.get('one RegExp (floor)') ?? []) ?? Number.NaN;
const kibs = text.length / kib;
const rows = [...costs].map(([name, micros]) => [
  name,
  figure((median(micros) ?? Number.NaN) / kibs),
  figure((median(micros) ?? Number.NaN) / floor),
]);
console.log(markdownTable(['', 'µs of processor time a KiB', 'times the floor'], rows));
console.log(
  `\n${figure(kibs)} KiB of prose and code, ${rounds} rounds; Bun ${Bun.version}, ${cpus()[0]?.model}, Linux ${release()}`,
);
if (sink < 0) throw new Error('nothing was found');

function whole(rules: readonly TextRule[]): void {
  sink += findIn(text, rules, 'plain').length;
}

function inPieces(rules: readonly TextRule[]): void {
  const held = new HeldItems<number>({ rules, onFinding: () => sink++ });
  for (let at = 0; at < text.length; at += pieceChars) {
    const piece = text.slice(at, at + pieceChars);
    sink += held.push(at, [{ channel: 'a', text: piece, form: 'plain' }], never).length;
  }
  sink += held.end().length;
}

function never(): boolean {
  return false;
}

/** The guide and this program: half prose, half code. */
async function proseAndCode(): Promise<string> {
  const files = [
    'docs/guide/routing.md',
    'docs/guide/guardrails.md',
    'docs/guide/rpc.md',
    'packages/gateway/src/gateway.ts',
    'packages/gateway/src/http/chat-endpoint.ts',
  ];
  const root = new URL('..', import.meta.url);
  const texts = await Promise.all(files.map((file) => Bun.file(new URL(file, root)).text()));
  return texts.join('\n').repeat(10);
}
