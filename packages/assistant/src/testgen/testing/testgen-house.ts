import { copyFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GroupGuard } from '@zeke/foundation';
import { type AgentFixture, agentFixture } from '../../agent/testing/agent-fixture.ts';
import type { FoundSandbox } from '../../sandbox/find-sandbox.ts';
import { type ModelScript, ScriptedModel } from '../../testing/scripted-model.ts';
import { ShellHost } from '../../tools/shell/shell-host.ts';
import { shellTools } from '../../tools/shell/shell-tools.ts';
import { generateTests, type TestGenEvent, type TestGenRequest } from '../generate-tests.ts';

export interface TestGenHouse extends AsyncDisposable {
  readonly fixture: AgentFixture;
  readonly model: ScriptedModel;
  /** All that it tells; `request.path` is the file that gets tests. */
  generate(
    request: Pick<TestGenRequest, 'path'> & Partial<TestGenRequest>,
    signal?: AbortSignal,
  ): Promise<TestGenEvent[]>;
}

export interface TestGenHouseOptions {
  readonly turns: ModelScript;
  readonly files: Readonly<Record<string, string>>;
  readonly sandbox?: FoundSandbox;
  /** Stands before the PATH of the tests. */
  readonly programs?: string;
  /** For runners, beside a PATH and a home folder of their own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A project with these files, an agent that says what is in the script, and a shell that is real. */
export async function testGenHouse(options: TestGenHouseOptions): Promise<TestGenHouse> {
  await using parts = new AsyncDisposableStack();
  const { environment = {}, files, sandbox = { kind: 'none', reason: 'for this test' } } = options;
  const model = new ScriptedModel(options.turns);
  const guard = parts.use(new GroupGuard());
  // Not in /tmp, which is another one in the sandbox.
  const base = await realpath(await mkdtemp(join(homedir(), '.zeke-test-')));
  parts.defer(() => rm(base, { recursive: true, force: true }));
  // What is in /tmp, as the runtime of a checkout there, is not in the sandbox.
  const own = join(base, 'bin');
  await mkdir(own);
  if (sandbox.kind !== 'none') await copyFile(process.execPath, join(own, 'bun'));
  const path = [options.programs, own, process.env.PATH].filter(Boolean).join(':');
  const shell = parts.use(
    new ShellHost({
      sandbox,
      settings: async () => ({}),
      environment: { HOME: base, ...environment, PATH: path },
      home: base,
      zekeHome: join(base, '.zeke'),
      folder: (id) => join(base, '.zeke/sessions', id),
      guard,
    }),
  );
  // The fixture has a small tool of the same name.
  const tools = shellTools(shell).map((tool) => ({
    ...tool,
    name: `real_${tool.name}`,
    aliases: [],
  }));
  const fixture = parts.use(await agentFixture(model, { tools }));
  const { agent, options: held, root, sessions } = fixture;
  const { snapshots } = held;
  if (snapshots === undefined) throw new Error('the fixture has no snapshots');
  for (const [name, text] of Object.entries(files)) await fixture.write(name, text);
  const owned = parts.move();
  return {
    fixture,
    model,
    generate: async (request, signal = new AbortController().signal) => {
      const project = { root, name: 'shop' };
      const whole = { project, cwd: root, model: 'scripted/model', ...request };
      const events: TestGenEvent[] = [];
      const deps = { agent, sessions, snapshots, shell };
      for await (const event of generateTests(deps, whole, signal)) events.push(event);
      return events;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What came of it. */
export function doneOf(events: readonly TestGenEvent[]): Extract<TestGenEvent, { type: 'done' }> {
  const done = events.at(-1);
  if (done?.type !== 'done') throw new Error('it has no end');
  return done;
}
