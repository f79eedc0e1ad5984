import type { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { Skipped } from '../scenario.ts';
import { TunnelEnd } from './tunnel-end.ts';

/** What the cable does to packets. Packets that are not delayed overtake those that are. */
export interface CableFaults {
  /** It takes nothing, in either direction, and says nothing: what is half-open stays so. */
  readonly isCut?: boolean;
  /** Of all packets, how many are lost: 0 to 1. */
  readonly lossRate?: number;
  readonly delayMs?: number;
  /** Of all packets, how many are not delayed: 0 to 1. */
  readonly overtakeRate?: number;
}

export type NetworkSide = 'client' | 'server';

/** How often the interfaces are looked at, in milliseconds. */
const lookMs = 1;
const packetsPerLook = 200;

const addresses: Readonly<Record<NetworkSide, string>> = {
  client: '10.213.97.1',
  server: '10.213.97.2',
};

/**
 * Two hosts, each a network namespace with an interface of its own, and a cable between them that
 * loses, delays, overtakes and is cut, packet by packet. Needs Linux, `ip`, and the right to make
 * namespaces (root).
 */
export class BadNetwork implements AsyncDisposable {
  faults: CableFaults = {};
  readonly counts = { passed: 0, lost: 0 };
  readonly #random: SeededRandom;
  readonly #ends: Record<NetworkSide, TunnelEnd>;
  readonly #timer: ReturnType<typeof setInterval>;
  #isClosed = false;

  private constructor(ends: Record<NetworkSide, TunnelEnd>, random: SeededRandom) {
    this.#ends = ends;
    this.#random = random;
    this.#timer = setInterval(() => {
      this.#carry(ends.client, ends.server);
      this.#carry(ends.server, ends.client);
    }, lookMs);
  }

  /** @throws Skipped where the machine does not allow it. */
  static async create(random: SeededRandom): Promise<BadNetwork> {
    const made: TunnelEnd[] = [];
    const names: NetworkSide[] = ['client', 'server'];
    try {
      for (const side of names) {
        await ip('netns', 'add', spaceOf(side));
        const end = new TunnelEnd(`z${side}${process.pid % 100_000}`.slice(0, 15));
        made.push(end);
        await ip('link', 'set', end.name, 'netns', spaceOf(side));
        const other = addresses[side === 'client' ? 'server' : 'client'];
        const inside = ['-n', spaceOf(side)];
        await ip(...inside, 'addr', 'add', addresses[side], 'peer', other, 'dev', end.name);
        await ip(...inside, 'link', 'set', end.name, 'mtu', '1400', 'up');
        await ip(...inside, 'link', 'set', 'lo', 'up');
      }
    } catch (cause) {
      for (const end of made) end.close();
      await removeSpaces();
      const message = 'no network namespaces here: they take Linux, iproute2 and root';
      throw new Skipped(message, { cause });
    }
    const [client, server] = made as [TunnelEnd, TunnelEnd];
    return new BadNetwork({ client, server }, random);
  }

  /** Where the server's processes are reached. */
  get serverHost(): string {
    return addresses.server;
  }

  /** What a process is started by, to run on one of the hosts. */
  wrapperOf(side: NetworkSide): readonly string[] {
    return ['ip', 'netns', 'exec', spaceOf(side)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#ends.client.close();
    this.#ends.server.close();
    await removeSpaces();
  }

  #carry(from: TunnelEnd, to: TunnelEnd): void {
    for (let i = 0; i < packetsPerLook; i++) {
      const packet = from.read();
      if (packet === undefined) return;
      const { isCut = false, lossRate = 0, delayMs = 0, overtakeRate = 0 } = this.faults;
      if (isCut || this.#random.chance(lossRate)) {
        this.counts.lost++;
        continue;
      }
      this.counts.passed++;
      if (delayMs === 0 || this.#random.chance(overtakeRate)) to.write(packet);
      else setTimeout(() => this.#deliver(to, packet), delayMs);
    }
  }

  #deliver(to: TunnelEnd, packet: Uint8Array): void {
    if (!this.#isClosed) to.write(packet);
  }
}

function spaceOf(side: NetworkSide): string {
  return `zrpc-${side}-${process.pid}`;
}

async function removeSpaces(): Promise<void> {
  for (const side of ['client', 'server'] as const) {
    await ip('netns', 'delete', spaceOf(side)).catch(() => {});
  }
}

/** @throws Error with what `ip` says. */
async function ip(...command: string[]): Promise<void> {
  const child = Bun.spawn(['ip', ...command], { stdout: 'ignore', stderr: 'pipe' });
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`ip ${command.join(' ')}: ${said.trim()}`);
}
