import { afterAll, beforeAll, expect, test } from 'bun:test';
import { pathToFileURL } from 'node:url';
import { definitionsAt } from './queries.ts';
import { planRename } from './rename.ts';
import { failureOf } from './testing/failure-of.ts';
import { type TestProject, testProject, testServers } from './testing/real-servers.ts';
import { scriptedSpecs } from './testing/scripted-servers.ts';

const never = new AbortController().signal;
let files: TestProject;

beforeAll(async () => {
  files = await testProject({ 'a.scripted': 'old = old\n' });
});
afterAll(() => files[Symbol.asyncDispose]());

function edit(from: number, to: number, newText = 'new') {
  const range = { start: { line: 0, character: from }, end: { line: 0, character: to } };
  return { range, newText };
}

/** What a server's answer to a rename makes of the file. */
async function renamed(answer: unknown): Promise<string> {
  const specs = scriptedSpecs(`textDocument/rename=${JSON.stringify(answer)}`);
  await using servers = testServers({ specs });
  const { project, path } = files;
  const query = { project, path: path('a.scripted'), symbol: 'old' };
  const { files: planned } = await planRename(servers, query, 'new', never);
  return planned.get(path('a.scripted'))?.('old = old\n') ?? 'nothing';
}

const uri = () => pathToFileURL(files.path('a.scripted')).href;

test('edits are made in the text as it was, in whatever order they come', async () => {
  expect(await renamed({ changes: { [uri()]: [edit(0, 3), edit(6, 9)] } })).toBe('new = new\n');
  const documentChanges = [
    { textDocument: { uri: uri(), version: 1 }, edits: [edit(6, 9), edit(0, 3)] },
  ];
  const both = { documentChanges, changes: { [uri()]: [edit(0, 3, 'twice')] } };
  expect(await renamed(both)).toBe('new = new\n');
});

test.each([
  ['permission_denied', { changes: { 'file:///etc/passwd': [edit(0, 1)] } }],
  ['permission_denied', { changes: { 'http://example.com/a': [edit(0, 1)] } }],
  ['unimplemented', { documentChanges: [{ kind: 'delete', uri: 'file:///etc/passwd' }] }],
  ['failed_precondition', { changes: {} }],
  ['failed_precondition', null],
  ['failed_precondition', { changes: { x: [{ range: 1 }] } }],
  ['failed_precondition', ['no edit']],
])('%s for what a rename must not do, or does not say', async (code, answer) => {
  expect(await failureOf(renamed(answer))).toMatchObject({ code });
});

test('edits that overlap are refused', async () => {
  const answer = { changes: { [uri()]: [edit(0, 5), edit(3, 9)] } };
  expect((await failureOf(renamed(answer))).message).toContain('overlap: nothing was changed');
});

test('an answer that is not of the protocol is told, and no defect', async () => {
  const specs = scriptedSpecs('textDocument/definition=[{"uri":7}]');
  await using servers = testServers({ specs });
  const query = { project: files.project, path: files.path('a.scripted'), symbol: 'old' };
  expect(await failureOf(definitionsAt(servers, query, never))).toMatchObject({
    code: 'failed_precondition',
    message: 'scripted answers textDocument/definition with what the protocol does not have',
  });
});
