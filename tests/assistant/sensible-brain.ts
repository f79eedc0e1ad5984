import { tokensOfAnswer as usage } from '@zeke/daemon/testing';
import type { Brain, Prompt, Reply } from '@zeke/emulators';

/** A small shop, with a fault in a discount and no test for half of it. */
export const shopFiles = {
  'package.json': '{ "name": "shop", "type": "module", "scripts": { "test": "bun test" } }\n',
  'src/price.ts': `export function discounted(cents: number, percent: number): number {
  if (percent < 0 || percent > 100) {
    throw new Error('percent');
  }
  return cents - (cents * percent) / 100;
}
`,
  'src/price.test.ts': `import { expect, test } from 'bun:test';
import { discounted } from './price.ts';

test('half price', () => {
  expect(discounted(100, 50)).toBe(50);
});
`,
  'README.md': '# Shop\n',
};

const testOfFault = `import { expect, test } from 'bun:test';
import { discounted } from './price.ts';

test('no more than all is taken off', () => {
  expect(() => discounted(100, 101)).toThrow('percent');
});
`;

const finding = {
  file: 'src/price.ts',
  line: 5,
  end_line: 5,
  severity: 'major',
  title: 'Fractions of a cent come out',
  explanation: 'discounted(99, 50) is 49.5, which no account can hold.',
  replacement: '  return Math.round(cents - (cents * percent) / 100);',
};

const answerOf: Readonly<Record<string, (prompt: Prompt) => Reply>> = {
  review: ({ turns }) => {
    const [first, again] = turns.filter(({ role }) => role === 'user');
    // Some models have to be told twice how to answer, and some once more.
    if (first?.text.includes('babble') && again === undefined) return said('All is well.');
    if (first?.text.includes('babble on')) return said('All is still well.');
    const findings = first?.text.includes('percent) / 100') ? [finding] : [];
    const summary = findings.length > 0 ? 'Discounts round wrongly.' : 'Fit to go in.';
    return said(`Here it is:\n\n\`\`\`json\n${JSON.stringify({ summary, findings })}\n\`\`\``);
  },
  commit: ({ turns }) =>
    said(
      `Prices are whole cents${turns.at(-1)?.text.includes('for accounts') ? ', for accounts' : ''}`,
    ),
  explain: (prompt) =>
    afterCalls(prompt, [['read_file', { path: 'src/price.ts' }]], (results) =>
      results.includes('cents * percent') ? 'It takes a share off a price.' : 'I saw nothing.',
    ),
  refactor: (prompt) =>
    afterCalls(
      prompt,
      [
        ['shell', { command: 'bun test' }],
        [
          'edit',
          { path: 'src/price.ts', old_string: 'cents * percent', new_string: 'percent * cents' },
        ],
        ['shell', { command: 'bun test' }],
      ],
      (results) =>
        results.split('1 pass').length === 3 ? 'The tests pass as before.' : 'No luck.',
    ),
  tests: (prompt) =>
    afterCalls(
      prompt,
      [['write_file', { path: 'src/percent.test.ts', content: testOfFault }]],
      () => 'Discounts over 100 are tested.',
    ),
  agent: (prompt) => {
    const task = prompt.turns[lastUser(prompt)]?.text ?? '';
    const [, word = ''] = /Write the word (\w+)/.exec(task) ?? [];
    if (word === '') return said(`You said: ${task.split('\n')[0]}`);
    return afterCalls(
      prompt,
      [['write_file', { path: `${word}.txt`, content: `${word}\n` }]],
      () => `The word is ${word}.`,
    );
  },
};

const kinds: readonly (readonly [string, RegExp])[] = [
  ['review', /^Review this change/],
  ['explain', /Explain (?:@|how)/],
  ['refactor', /Refactor: /],
  ['tests', /Write tests for/],
];

/** A model that does what each command of the assistant asks of it, by really looking. */
export const sensibleBrain: Brain = (prompt) => {
  if (prompt.system.includes('You write commit messages')) return answer('commit', prompt);
  if (prompt.turns.at(-1)?.text.includes('new Err<|cursor|>')) return said("or('empty');");
  const task = prompt.turns.filter(({ role }) => role === 'user').map(({ text }) => text);
  const kind = kinds.find(([, pattern]) => task.some((text) => pattern.test(text)));
  return answer(kind?.[0] ?? 'agent', prompt);
};

function answer(kind: string, prompt: Prompt): Reply {
  const reply = answerOf[kind];
  if (reply === undefined) throw new Error(`there is no answer of the kind ${kind}`);
  return reply(prompt);
}

function said(text: string): Reply {
  return { text, finish: 'stop', usage };
}

/** One call after the other, and then words about what they said. */
function afterCalls(
  prompt: Prompt,
  calls: readonly (readonly [name: string, parameters: Record<string, unknown>])[],
  end: (results: string) => string,
): Reply {
  const results = prompt.turns.slice(lastUser(prompt)).filter(({ role }) => role === 'tool');
  const next = calls[results.length];
  if (next === undefined) return said(end(results.map(({ text }) => text).join('\n')));
  const [name, parameters] = next;
  return { toolCalls: [{ name, arguments: parameters }], finish: 'tool-calls', usage };
}

function lastUser({ turns }: Prompt): number {
  return turns.findLastIndex(({ role }) => role === 'user');
}
