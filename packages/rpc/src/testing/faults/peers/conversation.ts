import type { RpcLimits } from '../../../core/limits.ts';
import { RpcError } from '../../../rpc-error.ts';
import type { FaultTls, TransportName } from '../transport-table.ts';

/*
 * What a process of the faults and who started it say to each other: a line of JSON each, over the
 * process's standard input and output.
 */

/** The process's only argument, as JSON. */
export interface PeerSetup {
  readonly transport: TransportName;
  readonly place: string;
  readonly limits: Partial<RpcLimits>;
  readonly tls: FaultTls;
}

/** Something to be done. `id` comes back with the answer. */
export interface PeerCommand {
  readonly id: number;
  readonly do: string;
  readonly [argument: string]: unknown;
}

/** An answer has the command's `id`, what the process says by itself has an `event`. */
export interface PeerLine {
  readonly id?: number;
  readonly event?: string;
  /** Why a command failed. */
  readonly fault?: string;
  readonly [value: string]: unknown;
}

/** What a process tells of itself. */
export interface PeerStatistics {
  readonly rssMb: number;
  readonly descriptors: number;
  /** Entries of the timer wheel: deadlines, and one for each connection. */
  readonly timers: number;
  /** By its host's clock, `Date.now()`. */
  readonly dateMs: number;
}

/** Says something to who started this process. */
export function say(line: PeerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Does what comes over standard input, each command by the function of its name, until `close`. */
export function obey(
  actions: Readonly<Record<string, (command: PeerCommand) => Promise<object> | object>>,
): void {
  let rest = '';
  process.stdin.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) void run(JSON.parse(line) as PeerCommand);
  });
  const run = async (command: PeerCommand): Promise<void> => {
    try {
      const answer = await actions[command.do]?.(command);
      say({ id: command.id, ...answer });
    } catch (error) {
      say({ id: command.id, fault: faultText(error) });
    }
    if (command.do === 'close') process.stdin.destroy();
  };
}

function faultText(error: unknown): string {
  return error instanceof RpcError ? `${error.code}: ${error.message}` : String(error);
}

/** The setup that this process was started with. */
export function readSetup(): PeerSetup {
  return JSON.parse(process.argv[2] ?? '{}') as PeerSetup;
}
