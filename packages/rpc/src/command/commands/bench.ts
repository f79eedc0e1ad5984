import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { parseDurationMs } from '../duration.ts';
import type { SetExitCode } from '../exit-codes.ts';
import {
  examples,
  type ServerFlags,
  wholeNumber,
  withCall,
  withOutput,
  withSchema,
  withTarget,
} from '../flags.ts';

export interface BenchFlags extends ServerFlags {
  readonly rate?: number;
  readonly concurrency: number;
  readonly connections: number;
  readonly maxInFlight: number;
  /** In milliseconds. */
  readonly duration: number;
  readonly warmUp: number;
  readonly messages?: number;
  readonly pingPong?: boolean;
  readonly compression?: 'gzip' | 'zstd';
  readonly json?: boolean;
}

/** `zrpc bench` */
export function addBench(program: Command, context: Context, setExitCode: SetExitCode): void {
  const command = program
    .command('bench')
    .description('measure how fast a method is, at a fixed rate or as fast as it goes')
    .argument('[arguments...]')
    .usage('[target] <Service/Method> [request] [options]');
  withLoad(command);
  withSchema(
    withCall(withTarget(command)).addOption(
      new Option('--compression <name>', 'of messages from 1 KiB on').choices(['gzip', 'zstd']),
    ),
  );
  withOutput(command)
    .option('--json', 'print JSON')
    .addHelpText('after', `\n${loopHelp}\n${examplesOf(context.name)}`)
    .action(async (args: string[], flags: BenchFlags) => {
      const { bench } = await import('../actions/bench.ts');
      setExitCode(await bench(context, args, flags));
    });
}

function withLoad(command: Command): Command {
  return command
    .optionsGroup('Load:')
    .option('-r, --rate <number>', 'calls per second, fixed (open loop)', rate)
    .option('-c, --concurrency <number>', 'calls under way (closed loop)', wholeNumber(100_000), 1)
    .addOption(
      new Option('-d, --duration <time>', 'how long to measure')
        .argParser(time('--duration'))
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--warm-up <time>', 'before measuring; 0s for none')
        .argParser(time('--warm-up'))
        .default(1_000, '1s'),
    )
    .option('--connections <number>', 'to spread the calls over', wholeNumber(10_000), 1)
    .option('--max-in-flight <number>', 'of an open loop', wholeNumber(100_000), 10_000)
    .option('--messages <number>', 'sent by a call that streams', wholeNumber(1_000_000))
    .option('--ping-pong', 'send the next message after the answer to the last');
}

function rate(text: string): number {
  const number = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && number > 0 && number <= 1_000_000) return number;
  throw new InvalidArgumentError('It must be a number above 0, up to 1000000.');
}

function time(name: string): (text: string) => number {
  return (text) => (text === '0s' && name === '--warm-up' ? 0 : parseDurationMs(name, text));
}

const loopHelp = `With --rate, a call begins whenever one is due, and its latency counts from then: a server that
stalls is not let off (no coordinated omission). How late this side was itself is shown as lateness.
Without --rate, each call begins when another ends, which measures capacity, not latency.
Responses are counted and not decoded. A stream is one call: its latency is that of the whole.`;

function examplesOf(name: string): string {
  return examples(
    `${name} bench grpc://localhost:50051 shop.Orders/Get '{"id": 7}' --rate 500 --duration 30s`,
    `${name} bench unix:/run/shop.sock shop.Orders/Get '{"id": 7}' --concurrency 64`,
    `${name} bench grpc://localhost:50051 shop.Events/Import @event.json --messages 1000 -c 4`,
    `${name} bench ws://localhost:8080 shop.Chat/Talk '{}' --messages 100 --ping-pong --json`,
  );
}
