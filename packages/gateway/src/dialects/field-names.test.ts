import { describe, expect, test } from 'bun:test';
import { dialectNames } from '../neutral/dialect-name.ts';
import { throughJson } from '../testing/caller-stream.ts';
import type { JsonObject } from './dialect.ts';
import { callerName, neutralName } from './field-names.ts';
import { dialects } from './index.ts';
import { between, tableModels, translationTable } from './translation-table.ts';

/** Forms that are told by leaving something out. */
const saysNothing: ReadonlySet<string> = new Set(['absent', 'nothing']);
/** Fields that have the caller's own names already. */
const ownNames = /someNewField|^extensions|\.extra$/;
const callers = dialectNames.filter((name) => name !== 'bedrock-converse');

for (const name of callers) {
  const dialect = dialects[name];
  const column = dialectNames.indexOf(name);

  describe(`what callers of ${name} write`, () => {
    for (const { rows } of translationTable.requests) {
      for (const row of rows) {
        const cell = row.cells[column];
        if (cell?.fate !== 'carried' || cell.as !== undefined) continue;
        if (saysNothing.has(row.form) || ownNames.test(row.field)) continue;
        if (name === 'gemini' && row.field === 'streamUsage') continue; // It stands in the address.
        test(`${row.field} ${row.form}`, () => {
          const { body } = dialect.encodeRequest(
            {
              model: tableModels[name],
              system: [],
              messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
              stream: false,
              extensions: { dialect: name, fields: {} },
              ...row.example(between(name)),
            },
            { model: tableModels[name] },
          );
          expect(dialect.fieldNames).toHaveProperty([row.field]);
          const written = callerName(dialect.fieldNames, row.field, body);
          expect(pathsOf(throughJson(body))).toContain(written);
        });
      }
    }
  });
}

test('of two names the one in the body is taken, without a body the first', () => {
  const { fieldNames } = dialects['openai-chat'];
  expect(callerName(fieldNames, 'maxOutputTokens')).toBe('max_tokens');
  expect(callerName(fieldNames, 'maxOutputTokens', { max_completion_tokens: 5 })).toBe(
    'max_completion_tokens',
  );
});

test('below a known path the names are kept; an unknown path is the own of the caller', () => {
  const { fieldNames } = dialects.gemini;
  expect(callerName(fieldNames, 'tools[1].parameters.anyOf[2]')).toBe(
    'tools[].functionDeclarations[].parametersJsonSchema.anyOf[]',
  );
  expect(callerName(fieldNames, 'safetySettings[0]')).toBe('safetySettings[0]');
});

test('what a provider calls a field is found again', () => {
  const { fieldNames } = dialects['openai-chat'];
  expect(neutralName(fieldNames, 'n')).toBe('choiceCount');
  expect(neutralName(fieldNames, 'safety_identifier')).toBe('user');
  expect(neutralName(fieldNames, 'stream_options')).toBe('streamUsage');
  expect(neutralName(fieldNames, 'reasoning_effort')).toBe('reasoning');
  expect(neutralName(fieldNames, 'chat_template')).toBe('chat_template');
});

/** Every path in a body, entries of lists as `[]`. */
function pathsOf(value: unknown, at = ''): Set<string> {
  const paths = new Set([at]);
  if (Array.isArray(value)) {
    for (const entry of value) for (const path of pathsOf(entry, `${at}[]`)) paths.add(path);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value as JsonObject)) {
      for (const path of pathsOf(entry, at ? `${at}.${key}` : key)) paths.add(path);
    }
  }
  return paths;
}
