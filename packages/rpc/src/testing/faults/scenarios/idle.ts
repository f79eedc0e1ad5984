import { Peer } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext, Skipped } from '../scenario.ts';
import { freePlace, type TransportName } from '../transport-table.ts';

const transports: readonly TransportName[] = ['unix', 'http2'];
/** Of a server's process with 10,000 idle connections: the promise of the library. */
const maxMb = 100;
const perServer = 10_000;
/** All together, over three processes. */
const manyConnections = 50_000;
const manyServers = 3;
/** For connections that never idle out while they are counted. */
const limits = { maxConnections: 65_536, idleTimeoutMs: 0, keepaliveIntervalMs: 0 };
/** For a process to have open as many descriptors as it may. */
const manyDescriptors = ['sh', '-c', 'ulimit -S -n "$(ulimit -H -n)" && exec "$@"', 'sh'] as const;
/** What a process has open besides its connections. */
const ownDescriptors = 50;
/** One process of clients opens at most so many. */
const perClient = 5_000;
/** Calls of each such process, when all are open. */
const callsPerClient = 100;
const openMs = 300_000;
/** From the end of the clients' to the end of the server's side. */
const closeMs = 30_000;
/** What the second opening may take more than the first. */
const maxGrowthMb = 15;

export const idle: Scenario = {
  title: `${perServer} idle connections in less than ${maxMb} MB; ${manyConnections} over ${manyServers} processes`,
  async run(context) {
    const wanted = transports.filter((name) => context.transports.includes(name));
    await mustAllowDescriptors(Math.ceil(manyConnections / manyServers) + ownDescriptors);
    for (const name of wanted) await idleConnections(name, 1, perServer, context);
    for (const name of wanted) {
      await idleConnections(name, manyServers, manyConnections, context);
    }
  },
};

/** @throws Skipped where a process may not have so many. */
async function mustAllowDescriptors(count: number): Promise<void> {
  const limit = (await Bun.spawn(['sh', '-c', 'ulimit -H -n']).stdout.text()).trim();
  if (limit === 'unlimited' || Number(limit) >= count) return;
  throw new Skipped(
    `a process needs ${count} descriptors; the hard limit (ulimit -Hn) is ${limit}`,
  );
}

/** Some servers, each with its share of the connections; all have all of theirs at the same time. */
async function idleConnections(
  transport: TransportName,
  servers: number,
  connections: number,
  context: ScenarioContext,
): Promise<void> {
  const begun = performance.now();
  await using processes = new AsyncDisposableStack();
  const shares = await Promise.all(
    Array.from({ length: servers }, async () => {
      const share = await Share.start(transport, Math.ceil(connections / servers), context);
      processes.use(share);
      await share.open();
      return share;
    }),
  );
  const open = shares.reduce((sum, share) => sum + share.openConnections, 0);
  must(open >= connections, `${transport}: only ${open} of ${connections} connections are open`);
  const used = await Promise.all(shares.map((share) => share.use()));
  await Promise.all(shares.map((share) => share.close()));
  const calls = used.reduce((sum, count) => sum + count, 0);
  const seconds = ((performance.now() - begun) / 1_000).toFixed();
  context.report(
    `${transport}: ${open} connections at once over ${servers} processes, ${calls} calls on them, all closed, in ${seconds} s`,
  );
  for (const share of shares) share.check(context);
}

/** What a server is told of itself at one moment. */
interface Moment {
  readonly rssMb: number;
  readonly descriptors: number;
  readonly timers: number;
}

/** A server and the clients that have its connections open. */
class Share implements AsyncDisposable {
  readonly #processes = new AsyncDisposableStack();
  readonly #transport: TransportName;
  readonly #connections: number;
  readonly #server: Peer;
  readonly #clients: Peer[] = [];
  readonly #moments: Moment[] = [];

  private constructor(transport: TransportName, connections: number, server: Peer) {
    this.#transport = transport;
    this.#connections = connections;
    this.#server = this.#processes.use(server);
  }

  static async start(
    transport: TransportName,
    connections: number,
    { tls }: ScenarioContext,
  ): Promise<Share> {
    const place = await freePlace(transport);
    const options = { transport, place, tls, limits, wrapper: manyDescriptors };
    const share = new Share(transport, connections, await Peer.start('serve', options));
    for (let left = connections; left > 0; left -= perClient) {
      share.#clients.push(share.#processes.use(await Peer.start('call', options)));
    }
    await share.#look();
    return share;
  }

  get openConnections(): number {
    const [before, open] = this.#moments;
    return (open?.descriptors ?? 0) - (before?.descriptors ?? 0);
  }

  /** Opens all connections, one process of clients after the other, each with a call. */
  async open(): Promise<void> {
    for (const [i, client] of this.#clients.entries()) {
      const count = Math.min(perClient, this.#connections - i * perClient);
      await client.ask('connections', { count }, openMs);
    }
    await this.#look();
  }

  /** Calls on some of them: how many. */
  async use(): Promise<number> {
    let used = 0;
    for (const client of this.#clients) {
      used += Number((await client.ask('use', { count: callsPerClient })).used);
    }
    return used;
  }

  /** Closes all, opens all again and closes them again. */
  async close(): Promise<void> {
    await this.#closeAll();
    await this.open();
    await this.#closeAll();
  }

  /** The promise is kept, nothing stays open, and the second time takes no more than the first. */
  check({ report }: ScenarioContext): void {
    const [before, open, closed, again, last] = this.#moments;
    must(before !== undefined && open !== undefined && closed !== undefined, 'too few moments');
    must(again !== undefined && last !== undefined, 'too few moments');
    const each = ((open.rssMb - before.rssMb) * 1_000) / this.openConnections;
    const memory = this.#moments.map(({ rssMb }) => rssMb.toFixed()).join(', ');
    const counts = this.#moments.map(({ descriptors }) => descriptors).join(', ');
    const timers = this.#moments.map((moment) => moment.timers).join(', ');
    const figures = `${this.#transport}: before, open, closed, open, closed: ${memory} MB, ${counts} descriptors, ${timers} timers; ${each.toFixed(1)} KB each`;
    report(figures);
    must(open.rssMb < maxMb * Math.max(1, this.#connections / perServer), figures);
    for (const { descriptors, timers: left } of [closed, last]) {
      must(descriptors <= before.descriptors && left <= before.timers, `left open: ${figures}`);
    }
    must(again.rssMb - open.rssMb < maxGrowthMb, `memory did not return: ${figures}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes.disposeAsync();
  }

  async #closeAll(): Promise<void> {
    const before = this.#moments[0]?.descriptors ?? 0;
    await Promise.all(this.#clients.map((client) => client.ask('release', {}, openMs)));
    const until = performance.now() + closeMs;
    while (this.#server.descriptors > before && performance.now() < until) await Bun.sleep(100);
    await this.#look();
  }

  async #look(): Promise<void> {
    const { rssMb, descriptors, timers } = await this.#server.ask('statistics');
    const moment = {
      rssMb: Number(rssMb),
      descriptors: Number(descriptors),
      timers: Number(timers),
    };
    this.#moments.push(moment);
  }
}
