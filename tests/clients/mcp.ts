/**
 * Real clients of MCP at zeke: coding agents, each with an emulated model that calls a tool, and the
 * Inspector's command line. `bun tests/clients/mcp.ts [--agent NAME …]`; part of `npm run test:clients`.
 * Over standard input `zeke mcp serve` is started, with another server behind it; over HTTP the tools are
 * served in this process.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serveFixture } from '../mcp/conformance/serve-fixture.ts';
import { vendors } from '../support/emulated-vendors.ts';
import { serveGateway } from '../support/serve-gateway.ts';
import { type Agent, agents, type McpEntry } from './agents.ts';
import { isolated, startAgent } from './run-agent.ts';

const root = join(import.meta.dir, '..', '..');
const answer = 'This is a simple text response for testing.';
const tool = 'test_simple_text';

const transports = ['stdio', 'http'] as const;
type Transport = (typeof transports)[number];

const { values } = parseArgs({
  options: { agent: { type: 'string', multiple: true, default: [] as string[] } },
});
const wanted = (name: string) => values.agent.length === 0 || values.agent.includes(name);

let failed = 0;
let passed = 0;
await using fixture = serveFixture();
for (const transport of transports) {
  for (const agent of agents.filter(({ name }) => wanted(name))) {
    report(`${agent.name} over ${transport}`, await runAgent(agent, transport));
  }
  if (wanted('inspector')) report(`inspector over ${transport}`, await runInspector(transport));
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
await fixture[Symbol.asyncDispose]();
process.exit(failed === 0 ? 0 : 1);

interface Outcome {
  readonly isGood: boolean;
  readonly output: string;
}

function report(what: string, { isGood, output }: Outcome): void {
  if (isGood) passed += 1;
  else failed += 1;
  process.stdout.write(`${isGood ? 'pass' : 'FAIL'} ${what}\n`);
  if (!isGood) process.stdout.write(`${output.slice(-3_000)}\n`);
}

async function runAgent(agent: Agent, transport: Transport): Promise<Outcome> {
  const vendor = vendors.find(({ name }) => name === 'openai');
  if (!vendor) throw new Error('there is no emulator called openai');
  await using started = await vendor.start();
  const target = `openai/${agent.sendsMaxTokens ? vendor.plainModel : vendor.chatModel}`;
  await using served = await serveGateway({
    providers: [started.config],
    ...(started.environment ? { environment: started.environment } : {}),
    aliases: new Map([[agent.ownModel, { strategy: 'single', candidates: [target] }]]),
  });
  return await inFolder(async (folder) => {
    const [home, project] = [join(folder, 'home'), join(folder, 'project')];
    await mkdir(home);
    await mkdir(project);
    const { command, env } = await agent.prepare({
      home,
      project,
      url: served.url,
      apiKey: served.apiKey,
      model: agent.ownModel,
      task: taskFor(nameOf(transport)),
      mcp: await entry(transport, folder),
    });
    const before = await callsIn(folder);
    const { stderr, stdout } = await startAgent(
      command,
      { ...isolated, HOME: home, ...env },
      project,
    );
    const isGood = (await callsIn(folder)) > before && stdout.includes('Done: ');
    return { isGood, output: `${stdout}\n${stderr}` };
  });
}

/** Calls that the fixtures have heard: the one in this process, and one behind zeke. */
async function callsIn(folder: string): Promise<number> {
  const file = Bun.file(join(folder, 'calls'));
  return fixture.calls() + ((await file.exists()) ? (await file.text()).length : 0);
}

/** The Inspector lists tools, and calls one. */
async function runInspector(transport: Transport): Promise<Outcome> {
  return await inFolder(async (folder) => {
    const mcp = await entry(transport, folder);
    const target =
      'url' in mcp
        ? [mcp.url, '--transport', 'http']
        : [
            ...Object.entries(mcp.env).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
            mcp.command,
            ...mcp.args,
          ];
    const run = (...method: string[]) =>
      startAgent(
        ['mcp-inspector', '--cli', ...target, '--method', ...method],
        { ...isolated, HOME: folder },
        folder,
      );
    const listed = await run('tools/list');
    const called = await run('tools/call', '--tool-name', nameOf(transport));
    const output = [listed, called].map(({ stderr, stdout }) => `${stdout}\n${stderr}`).join('\n');
    return {
      isGood: listed.stdout.includes(nameOf(transport)) && called.stdout.includes(answer),
      output,
    };
  });
}

/** Over standard input the tool is one of a server behind zeke. */
function nameOf(transport: Transport): string {
  return transport === 'stdio' ? `fixture__${tool}` : tool;
}

/** Every client puts something of its own before a tool's name. */
function taskFor(name: string): string {
  const names = ['mcp__zeke__', 'mcp_zeke_', 'zeke__', 'zeke_', 'zeke.', ''].map(
    (prefix) => `use the tool ${prefix}${name}`,
  );
  return `Do this: ${names.join(', or ')}.`;
}

async function entry(transport: Transport, folder: string): Promise<McpEntry> {
  if (transport === 'http') return { url: fixture.url };
  const home = join(folder, 'zeke');
  const server = [process.execPath, join(root, 'tests/mcp/conformance/stdio-fixture.ts')];
  await Bun.write(
    join(home, 'zeke.toml'),
    `[mcp.servers.fixture]\ncommand = ${JSON.stringify(server[0])}\nargs = ${JSON.stringify([...server.slice(1), join(folder, 'calls')])}\n`,
  );
  return {
    command: process.execPath,
    args: [join(root, 'packages/cli/src/main.ts'), 'mcp', 'serve'],
    env: { ZEKE_HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin' },
  };
}

async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'zeke-mcp-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
