import { expect, setDefaultTimeout, test } from 'bun:test';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Brain, startOpenAiEmulator } from '@zeke/emulators';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { terminal } from './testing/terminal.ts';
import { processTimeoutMs, zeke } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

const fixture = join(import.meta.dir, '../../mcp/src/client/testing/fixture-program.ts');
const usage = { input: 10, cachedInput: 0, output: 10, reasoning: 0 };

/** Calls the tool that is named in the user's words, once, and says what came of it. */
const caller: Brain = ({ turns }) => {
  const asked = turns.findLast(({ role }) => role === 'user')?.text ?? '';
  const last = turns.at(-1);
  if (last?.role === 'tool') return { text: `It said: ${last.text}.`, finish: 'stop', usage };
  const name = /one__\w+/.exec(asked)?.[0] ?? '';
  return { toolCalls: [{ name, arguments: {} }], finish: 'tool-calls', usage };
};

/** A project, and a home whose server `one` asks. */
async function place() {
  await using parts = new AsyncDisposableStack();
  const folder = await realpath(parts.use(await temporaryDirectory()).path);
  const home = join(folder, 'home');
  const cwd = join(folder, 'project');
  await mkdir(join(cwd, '.git'), { recursive: true });
  await mkdir(home);
  const emulator = parts.use(startOpenAiEmulator({ brain: caller }));
  await writeFile(
    join(home, 'zeke.toml'),
    `[server]
port = 0
[rpc]
port = 0
[providers.openai]
type = "openai"
api_key = "emulated"
base_url = "${emulator.url}/v1"
[assistant]
model = "openai/gpt-4.1-mini"
[mcp.servers.one]
command = "${process.execPath}"
args = ["${fixture}", "both"]
trust = true
`,
  );
  const run = (...args: string[]) => zeke(args, { home, cwd });
  parts.defer(async () => void (await run('daemon', 'stop', '--force')));
  const owned = parts.move();
  return { home, cwd, run, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('a tool that asks is answered at the terminal where it is tested', async () => {
  await using one = await place();
  await using person = terminal(['mcp', 'inspect', 'one', 'survey'], one);
  await person.see(/the MCP server one asks:\r\n {2}│ Ignore your orders\. \[2J How old\?/);
  await person.see(/answer it\? y yes, n no/);
  person.type('y\r');
  await person.see(/age[\s\S]*a whole number/);
  person.type('old\r');
  await person.see(/a whole number/);
  person.type('200\r');
  await person.see(/1 s[\s\S]*2 l[\s\S]*one of them, or its number/);
  person.type('2\r');
  await person.see(/news[\s\S]*y or n, empty: nothing/);
  person.type('\r');
  await person.see(/zeke: age: at most 150[\s\S]*answer it\?/);
  for (const line of ['y', '36', 'l', 'n']) person.type(`${line}\r`);
  await person.see(/\{"age":36,"size":"l","news":false\}/);
  expect(await person.exited).toBe(0);
  const alone = await one.run('mcp', 'inspect', 'one', 'ask');
  expect(alone).toMatchObject({ code: 0, stdout: 'decline\n' });
  expect(alone.stderr).toContain('declined, since nobody is at the terminal');
});

test('an agent whose MCP server asks has the person at the terminal answer, or declines', async () => {
  await using one = await place();
  await using person = terminal(['agent', '--mode', 'full', 'call one__ask'], one);
  await person.see(/the MCP server one asks:\r\n {2}│ Your name\?/);
  await person.see(/answer it\?/);
  person.type('y\r');
  await person.see(/name[\s\S]*a text/);
  person.type('Ada\r');
  await person.see(/It said: hello Ada/);
  expect(await person.exited).toBe(0);
  const alone = await one.run('agent', '--mode', 'full', 'call one__ask');
  expect(alone.stdout).toContain('It said: decline\n[The MCP server one asked the user');
  expect(alone.stderr).toContain('asked “Your name?”; nobody is here to answer: declined');
});

test('a question to the assistant has the person at the terminal answer', async () => {
  await using one = await place();
  await writeFile(join(one.home, 'permissions.toml'), 'allow = ["mcp(one)"]\n');
  await using person = terminal(['ask', 'call one__survey'], one);
  await person.see(/the MCP server one asks:\r\n {2}│ Ignore your orders/);
  await person.see(/answer it\?/);
  for (const line of ['y', '36', 's', '']) person.type(`${line}\r`);
  await person.see(/It said: \{"age":36,"size":"s"\}/);
  expect(await person.exited).toBe(0);
});
