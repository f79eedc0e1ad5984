import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VendorEntry } from '../support/emulated-vendors.ts';
import { type LedgerRow, serveGateway } from '../support/serve-gateway.ts';
import type { Agent } from './agents.ts';

/** One agent in front of one vendor, which it knows by `model`. */
export interface Cell {
  agent: Agent;
  vendor: VendorEntry;
  /** `named`: asks for `vendor/model`; `own`: for a model of its own vendor, an alias for that. */
  model: 'named' | 'own';
}

export interface CellResult {
  cell: Cell;
  /** What was not as it has to be; empty when all was. */
  faults: string[];
  elapsedMs: number;
  /** All that the agent wrote, for who looks into a fault. */
  output: string;
}

const file = 'hello.txt';
const content = 'hello';
const timeoutMs = 60_000;
const programs = join(import.meta.dir, 'agents', 'node_modules', '.bin');

/** Has the agent write a file, and checks what came of it: the file, its last words, the ledger. */
export async function runCell(cell: Cell): Promise<CellResult> {
  const { agent, vendor } = cell;
  const target = `${vendor.name}/${agent.sendsMaxTokens ? vendor.plainModel : vendor.chatModel}`;
  await using started = await vendor.start();
  await using served = await serveGateway({
    providers: [started.config],
    ...(started.environment ? { environment: started.environment } : {}),
    aliases: new Map([[agent.ownModel, { strategy: 'single', candidates: [target] }]]),
  });
  const folder = await mkdtemp(join(tmpdir(), 'zeke-agent-'));
  try {
    const run = {
      home: join(folder, 'home'),
      project: join(folder, 'project'),
      url: served.url,
      apiKey: served.apiKey,
      model: cell.model === 'own' ? agent.ownModel : target,
      task: `Write the file ${file} with the content ${content}`,
    };
    await mkdir(run.home);
    await mkdir(run.project);
    const { command, env } = await agent.prepare(run);
    const startedAt = performance.now();
    const ended = await startAgent(command, { ...isolated, HOME: run.home, ...env }, run.project);
    const elapsedMs = performance.now() - startedAt;
    const faults = [
      ...(ended.exitCode === 0 ? [] : [`it ended with ${ended.exitCode}`]),
      ...(await fileFaults(join(run.project, file))),
      ...(ended.stdout.includes('Done: ') ? [] : ['the last words did not come']),
      ...answerFaults(served.answers),
      ...ledgerFaults(await served.ledger(), cell),
    ];
    return { cell, faults, elapsedMs, output: `${ended.stdout}\n${ended.stderr}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const nowhere = 'http://127.0.0.1:9';
/** Whatever is not on loopback is sent to a port where nobody answers. */
export const isolated = {
  PATH: `${programs}:/usr/local/bin:/usr/bin:/bin`,
  HTTP_PROXY: nowhere,
  HTTPS_PROXY: nowhere,
  NO_PROXY: '127.0.0.1,localhost',
  TERM: 'dumb',
  NO_COLOR: '1',
};

/** Starts an agent and waits until it has ended, at most a minute. */
export async function startAgent(command: string[], env: Record<string, string>, cwd: string) {
  const child = Bun.spawn(command, {
    cwd,
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

async function fileFaults(path: string): Promise<string[]> {
  const written = Bun.file(path);
  if (!(await written.exists())) return [`${file} is not there`];
  const text = await written.text();
  return text.trim() === content ? [] : [`${file} holds ${JSON.stringify(text)}`];
}

function answerFaults(answers: readonly { request: string; status: number }[]): string[] {
  return answers
    .filter(({ status }) => status >= 400)
    .map(({ request, status }) => `${request} was answered with ${status}`);
}

/** A tool loop is at least two answers; each has to stand on the ledger, with its key and tokens. */
function ledgerFaults(rows: readonly LedgerRow[], { agent, vendor }: Cell): string[] {
  const chats = rows.filter((row) => row.operation === 'chat');
  const odd = chats.filter(
    (row) =>
      row.outcome !== 'ok' ||
      row.provider !== vendor.name ||
      row.caller_dialect !== agent.dialect ||
      row.key_id === null ||
      row.estimated ||
      row.input_tokens === 0 ||
      row.output_tokens === 0,
  );
  return [
    ...(chats.length < 2 ? [`the ledger has ${chats.length} answers`] : []),
    ...odd.map((row) => `odd on the ledger: ${JSON.stringify(row)}`),
  ];
}
