import { expect, test } from 'bun:test';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseRule } from './rule.ts';
import { readRulesFile } from './rules-file.ts';

test('the file that the guide shows is read as it says', async () => {
  const page = join(import.meta.dir, '../../../../docs/guide/permissions.md');
  const [, text = ''] = /```toml\n(.*?)```/s.exec(await Bun.file(page).text()) ?? [];
  const { mode, rules, sandbox } = readRulesFile(text, 'permissions.toml');
  expect(mode).toBe('auto-edit');
  expect(rules.map(({ verdict, text: rule, origin }) => [verdict, rule, origin])).toContainEqual([
    'ask',
    'shell(git push *)',
    { kind: 'file', file: 'permissions.toml', line: 11 },
  ]);
  expect(rules).toHaveLength(8);
  expect(sandbox).toEqual({
    use: 'auto',
    network: false,
    writable: ['~/.cache/pip'],
    environment: ['NPM_TOKEN'],
  });
});

test('any text is a rule or a fault, and any file a file or faults', () => {
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => new TextDecoder().decode(bytes)),
    fc
      .tuple(fc.constantFrom('shell', 'read', 'fetch', 'mcp', 'x'), fc.string())
      .map(([head, body]) => `${head}(${body})`),
  );
  fc.assert(
    fc.property(text, fc.boolean(), (rule, isFile) => {
      const subject = parseRule(rule);
      expect(typeof subject === 'string' || subject.kind.length > 0).toBe(true);
      try {
        const file = isFile ? rule : `allow = [${JSON.stringify(rule)}]`;
        expect(readRulesFile(file, 'f').rules).toBeArray();
      } catch (error) {
        expect(error).toMatchObject({ code: 'failed_precondition' });
      }
    }),
  );
});
