import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import {
  examples,
  type ServerFlags,
  withCall,
  withOutput,
  withSchema,
  withTarget,
} from '../flags.ts';

export interface CallFlags extends ServerFlags {
  readonly compression?: 'gzip' | 'zstd';
  readonly emitDefaults?: boolean;
  readonly verbose?: boolean;
  readonly timings?: boolean;
  readonly json?: boolean;
}

/** `zrpc call` */
export function addCall(program: Command, context: Context, setExitCode: SetExitCode): void {
  const command = program
    .command('call')
    .description('call a method, with requests and responses in JSON')
    .argument('[arguments...]')
    .usage('[target] <Service/Method> [request] [options]');
  withSchema(
    withCall(withTarget(command)).addOption(
      new Option('--compression <name>', 'of messages from 1 KiB on').choices(['gzip', 'zstd']),
    ),
  );
  withOutput(command)
    .option('--emit-defaults', 'show fields that have their default value, too')
    .option('-v, --verbose', 'show the metadata of header and trailer')
    .option('--timings', 'show how long everything took')
    .option('--json', 'print errors as JSON, too')
    .addHelpText('after', `\n${requestHelp}\n${examplesOf(context.name)}\n\n${exitHelp}`)
    .action(async (args: string[], flags: CallFlags) => {
      const { call } = await import('../actions/call.ts');
      setExitCode(await call(context, args, flags));
    });
}

const requestHelp = `The request is JSON, @FILE, or - for standard input; {} when it is left out. A method that takes a
stream gets one value after another, as they are read; standard input when they are left out.`;

function examplesOf(name: string): string {
  return examples(
    `${name} call grpc://localhost:50051 shop.Orders/Get '{"id": 7}'`,
    `${name} call --grpc localhost:50051 shop.Orders/Get '{"id": 7}'      the same`,
    `${name} call unix:/run/shop.sock shop.Orders/Get @order.json`,
    `${name} call https://shop.example --proto shop.proto Orders/List -H 'authorization: Bearer …'`,
    `tail -f events.ndjson | ${name} call ws://localhost:8080/rpc shop.Events/Import -`,
  );
}

const exitHelp = `The exit status is the number of the call's gRPC status, 0 for OK, and 130 after Ctrl-C.`;
