import { join } from 'node:path';
import type { PeerSetup } from '../peers/conversation.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { freePlace, type TransportName } from '../transport-table.ts';

const file = join(import.meta.dirname, '../peers/exit-process.ts');
const runMs = 20_000;
/** From the end of `close` to the end of the process. */
const exitMs = 3_000;

export const exit: Scenario = {
  title: 'a process whose client and server are closed ends by itself',
  async run(context) {
    for (const name of context.transports) await exits(name, context);
  },
};

async function exits(transport: TransportName, context: ScenarioContext): Promise<void> {
  const setup: PeerSetup = {
    transport,
    place: await freePlace(transport),
    limits: {},
    tls: context.tls,
  };
  const command = [process.execPath, file, JSON.stringify(setup)];
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'ignore', timeout: runMs });
  const begun = performance.now();
  let closedAt = 0;
  let said = '';
  for await (const chunk of child.stdout) {
    said += new TextDecoder().decode(chunk);
    closedAt = performance.now();
  }
  const code = await child.exited;
  const leftMs = performance.now() - closedAt;
  must(said.includes('"closed"'), `${transport}: it did not come to its end, but said ${said}`);
  must(code === 0 && leftMs < exitMs, `${transport}: it ended with ${code} after ${leftMs} ms`);
  context.report(
    `${transport}: ended ${leftMs.toFixed()} ms after the close, ${(closedAt - begun).toFixed()} ms after its begin`,
  );
}
