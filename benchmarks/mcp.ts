/**
 * What the MCP gateway adds to a call: one fixture server, called directly and through zeke, over HTTP, in
 * turns. `bun benchmarks/mcp.ts`. The fixture and zeke are processes of their own on core 0, the client is on
 * core 1 where `taskset` is there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const rounds = 7;
const callsOfRound = 200;
const program = join(import.meta.dir, 'mcp', 'servers.ts');

await using direct = await start('fixture');
await using gateway = await start('gateway', direct.url);
const clients = {
  direct: await connect(direct.url),
  gateway: await connect(gateway.url),
};
const tools = { direct: 'echo', gateway: 'fixture__echo' };

for (const name of ['direct', 'gateway'] as const) await round(name);
const measured = { direct: [] as number[], gateway: [] as number[] };
const cpuUs = { fixture: -cpuOf(direct.pid), gateway: -cpuOf(gateway.pid) };
for (let index = 0; index < rounds; index++) {
  for (const name of ['direct', 'gateway'] as const) measured[name].push(await round(name));
}
cpuUs.fixture += cpuOf(direct.pid);
cpuUs.gateway += cpuOf(gateway.pid);
const calls = rounds * callsOfRound;
const ratios = measured.gateway.map((ms, index) => ms / (measured.direct[index] ?? Number.NaN));
const [directMs, gatewayMs] = [median(measured.direct), median(measured.gateway)];
process.stdout.write(
  [
    `direct call of the fixture:   ${directMs.toFixed(3)} ms`,
    `the same through the gateway: ${gatewayMs.toFixed(3)} ms, with rules, scan and record`,
    `ratio ${median(ratios).toFixed(2)}, ${(gatewayMs - directMs).toFixed(3)} ms more (medians of ${rounds} rounds of ${callsOfRound} calls one after the other; Bun ${Bun.version})`,
    `processor: ${Math.round(cpuUs.fixture / (2 * calls))} µs a call of the fixture, ${Math.round(cpuUs.gateway / calls)} µs more in the gateway`,
    '',
  ].join('\n'),
);
await Promise.all(Object.values(clients).map((client) => client.close()));

async function round(name: 'direct' | 'gateway'): Promise<number> {
  const client = clients[name];
  const startedAt = performance.now();
  for (let index = 0; index < callsOfRound; index++) {
    await client.callTool({ name: tools[name], arguments: { text: 'hello' } });
  }
  return (performance.now() - startedAt) / callsOfRound;
}

async function connect(url: string): Promise<Client> {
  const client = new Client(
    { name: 'benchmark', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

async function start(kind: string, ...args: string[]) {
  const pinned = Bun.which('taskset') ? ['taskset', '-c', '0'] : [];
  const child = Bun.spawn([...pinned, process.execPath, program, kind, ...args], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    pid: child.pid,
    url: new TextDecoder().decode(value).trim(),
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

/** Processor time of a process so far, in microseconds, from `/proc` (proc_pid_stat(5): ticks of 10 ms). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
