import { expect, test } from 'bun:test';
import { applyPatch } from 'diff';
import fc from 'fast-check';
import type { EntryData, SessionEntry } from '../sessions/session-entry.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { fileTools } from '../tools/files/file-tools.ts';
import type { ToolOutput } from '../tools/tool.ts';
import { SentReads } from './sent-reads.ts';
import { agentFixture, writeCall } from './testing/agent-fixture.ts';

const lines = Array.from({ length: 300 }, (_, line) => `line ${line} of a file`);
const text = lines.join('\n');
const changed = text.replace('line 50 of a file', 'line fifty\nand one more');

test('an agent that reads again is told what is the same and what has changed, and may have the whole', async () => {
  const read = (args: object = {}) => ({
    name: 'read_file',
    arguments: { path: 'a.txt', ...args },
  });
  const model = new ScriptedModel([
    { calls: [read()] },
    { calls: [read()] },
    { calls: [writeCall('a.txt', changed)] },
    { calls: [read()] },
    { calls: [read({ offset: 2, limit: 90 })] },
    { calls: [read({ again: true })] },
    { text: 'done' },
  ]);
  await using zeke = await agentFixture(model, { tools: fileTools() });
  await zeke.write('a.txt', text);
  const events = await zeke.run('go');
  const results = events.flatMap((event) => (event.type === 'tool-result' ? [event.text] : []));
  const [first = '', second = '', , third = '', part = '', last = ''] = results;
  expect(first).toStartWith('1\tline 0 of a file\n');
  expect(second).toMatch(
    /^\[a\.txt is as it was shown in the result of your earlier call \S+\. If that is not there/,
  );
  expect(third).toMatch(/^\[a\.txt has changed since it was shown .*\]\n@@ -48,7 \+48,8 @@/);
  expect(third).toContain('-line 50 of a file\n+line fifty\n+and one more');
  expect(part).toStartWith('2\tline 1 of a file\n');
  expect(last).toStartWith('1\tline 0 of a file\n');
  expect(last).toContain('52\tand one more');
  const summaries = events.flatMap((event) =>
    event.type === 'tool-result' ? [event.summary] : [],
  );
  expect(summaries[1]).toBe('a.txt: 300 lines, unchanged');
});

/** What a call of read_file gives, for a file with this text. */
function outputOf(path: string, whole: string): ToolOutput {
  const shownFile = {
    path,
    told: whole,
    text: whole,
    first: 1,
    limit: 2_000,
    isWhole: true,
    isNumbered: false,
    isAgain: false,
  };
  return { text: whole, shownFile };
}

test('what stands in place of a text is true, whatever was changed, cut and compacted before', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), file: fc.nat(1) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        file: fc.nat(1),
        line: fc.nat(299),
        isAll: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), call: fc.nat(20) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('compact' as const), covers: fc.nat(40) }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const reads = new SentReads();
      const entries: SessionEntry[] = [];
      const add = (data: EntryData): void =>
        void entries.push({ seq: entries.length + 1, atMs: 0, data });
      add({ kind: 'user', origin: 'user', text: 'go', parts: [{ type: 'text', text: 'go' }] });
      const files = [text, text.replaceAll('line', 'row')];
      /** By call: the whole texts that the conversation holds. */
      const held = new Map<string, string>();
      let calls = 0;
      for (const [at, each] of steps.entries()) {
        if (each.kind === 'write') {
          const now = (files[each.file] ?? '').split('\n');
          files[each.file] = now
            .map((line, index) => (each.isAll || index === each.line ? `${line} ${at}` : line))
            .join('\n');
        } else if (each.kind === 'read') {
          const callId = `call-${calls++}`;
          const call = {
            type: 'tool-call' as const,
            id: callId,
            name: 'read_file',
            arguments: '{}',
          };
          add({
            kind: 'answer',
            step: at,
            parts: [call],
            finish: 'tool-calls',
            isPartial: false,
            usage: {},
          });
          const path = `f${each.file}`;
          const current = files[each.file] ?? '';
          const given = outputOf(path, current);
          const output = reads.shorten(given, entries);
          if (output.text === current) held.set(callId, current);
          else {
            const [, earlier = ''] = /earlier call (\S+?)\. /.exec(output.text) ?? [];
            const before = held.get(earlier);
            const patch = output.text.slice(output.text.indexOf('\n') + 1);
            if (output.text.includes('has changed')) {
              expect(applyPatch(before ?? '', `--- a\n+++ b\n${patch}`)).toBe(current);
            } else expect(before).toBe(current);
          }
          const rest = {
            images: [],
            summary: '',
            changes: [],
            durationMs: 0,
            isRepair: false,
            isError: false,
          };
          add({ kind: 'result', callId, text: output.text, ...rest });
          reads.note(callId, given, output.text);
        } else {
          const isCut = each.kind === 'cut';
          // Messages are: user, then an answer and its results for each call.
          const covers = isCut ? 0 : Math.min(each.covers, Math.max(0, calls - 1)) * 2 + 1;
          if (!isCut && calls === 0) continue;
          const callIds = isCut ? [`call-${each.call}`] : [];
          const head = isCut
            ? []
            : [{ role: 'user' as const, parts: [{ type: 'text' as const, text: 'summary' }] }];
          const record = { covers, head, cutCallIds: callIds, tokensBefore: 2, tokensAfter: 1 };
          add({ kind: 'compaction', record });
          held.clear();
          for (let call = isCut ? 0 : (covers - 1) / 2; call < calls; call += 1) {
            const result = entries.find(
              ({ data }) => data.kind === 'result' && data.callId === `call-${call}`,
            )?.data;
            const isWhole = result?.kind === 'result' && !result.text.startsWith('[');
            if (isWhole && !callIds.includes(result.callId)) held.set(result.callId, result.text);
          }
        }
      }
    }),
    { numRuns: 200 },
  );
});
