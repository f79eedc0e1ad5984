import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type AgentFixture, agentFixture } from '../agent/testing/agent-fixture.ts';
import { ScriptedModel, type ScriptedTurn } from '../testing/scripted-model.ts';
import { changedLines } from './changed-lines.ts';
import { readAnswer } from './finding.ts';
import { type ReviewEvent, review } from './review.ts';

const diff = `diff --git a/src/sum.ts b/src/sum.ts
index 1..2 100644
--- a/src/sum.ts
+++ b/src/sum.ts
@@ -3,3 +3,4 @@ export function sum(
   let total = 0;
-  for (const x of list) total += x;
+  for (const x of list) total -= x;
+  log(total);
   return total;
diff --git a/old.ts b/old.ts
deleted file mode 100644
--- a/old.ts
+++ /dev/null
@@ -1 +0,0 @@
-gone
`;

const good = {
  summary: 'It subtracts.',
  findings: [
    { file: 'src/sum.ts', line: 5, severity: 'nit', title: 'A log is left' },
    {
      file: './src/sum.ts',
      line: 4,
      end_line: 4,
      severity: 'critical',
      title: 'It subtracts',
      explanation: 'sum([1]) is -1',
      replacement: '  for (const x of list) total += x;',
    },
    { file: 'src/sum.ts', line: 90, severity: 'minor', title: 'Somewhere else' },
    { file: 'other.ts', line: 4, severity: 'minor', title: 'Another file' },
  ],
};

test('the lines that a diff shows are known, by file', () => {
  const lines = changedLines(diff);
  expect([...lines.keys()]).toEqual(['src/sum.ts']);
  expect([...(lines.get('src/sum.ts') ?? [])]).toEqual([3, 4, 5, 6]);
  expect(changedLines('no diff at all').size).toBe(0);
});

test('no text makes reading a diff or an answer throw', () => {
  const row = fc.constantFrom(
    '+',
    '-',
    ' ',
    '@@ -1 +1 @@',
    '+++ b/x',
    '{',
    '}',
    '"findings":[',
    '1',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(row, fc.string())), (rows) => {
      changedLines(rows.join('\n'));
      readAnswer(rows.join(''));
    }),
  );
});

describe('answers', () => {
  test('are read with words and fences around them', () => {
    const text = `Here {it} is:\n\`\`\`json\n${JSON.stringify(good)}\n\`\`\``;
    expect(readAnswer(text)).toBe('there is no JSON object in the answer');
    const fenced = `Here it is:\n\`\`\`json\n${JSON.stringify(good)}\n\`\`\`\n`;
    expect(readAnswer(fenced)).toMatchObject({ summary: 'It subtracts.' });
  });

  test('that are none say why', () => {
    expect(readAnswer('{"findings":[{"file":"a"}]}')).toContain('findings.0.line');
  });
});

describe('a review', () => {
  let fixture: AgentFixture | undefined;

  beforeEach(() => {
    fixture = undefined;
  });

  afterEach(async () => {
    await fixture?.[Symbol.asyncDispose]();
  });

  async function run(turns: readonly ScriptedTurn[], text = diff): Promise<ReviewEvent[]> {
    fixture = await agentFixture(new ScriptedModel(turns));
    const { agent, root } = fixture;
    const project = { root, name: 'shop' };
    const events: ReviewEvent[] = [];
    const request = { project, cwd: root, diff: text, subject: 'HEAD~1', model: 'scripted/model' };
    for await (const event of review(agent, request, new AbortController().signal)) {
      events.push(event);
    }
    return events;
  }

  test('tells findings about the change, the worst first', async () => {
    const done = (await run([{ text: JSON.stringify(good) }])).at(-1);
    expect(done).toMatchObject({ type: 'done', summary: 'It subtracts.', dropped: 2 });
    if (done?.type !== 'done') throw new Error('it has no end');
    expect(done.findings.map(({ file, line, severity }) => [file, line, severity])).toEqual([
      ['src/sum.ts', 4, 'critical'],
      ['src/sum.ts', 5, 'nit'],
    ]);
  });

  test('asks once more for an answer that can be read', async () => {
    const events = await run([{ text: 'All is well.' }, { text: '{"findings":[]}' }]);
    expect(events.at(-1)).toMatchObject({ type: 'done', findings: [] });
    await expect(run([{ text: 'Well.' }, { text: 'Still well.' }])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('cannot be read'),
    });
  });

  test('needs something to review', async () => {
    await expect(run([], ' \n')).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(run([], 'x'.repeat(400_001))).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
