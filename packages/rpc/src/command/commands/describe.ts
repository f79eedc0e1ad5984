import type { Command } from 'commander';
import type { Context } from '../context.ts';
import {
  examples,
  type ServerFlags,
  withCall,
  withOutput,
  withSchema,
  withTarget,
} from '../flags.ts';

export interface DescribeFlags extends ServerFlags {
  readonly json?: boolean;
}

/** `zrpc describe` */
export function addDescribe(program: Command, context: Context): void {
  const { name } = context;
  const command = program
    .command('describe')
    .description('show services, methods and messages as a .proto file has them')
    .argument('[arguments...]')
    .usage('[target] [symbol] [options]');
  withOutput(withSchema(withCall(withTarget(command))))
    .option('--json', 'print a request to fill in')
    .addHelpText(
      'after',
      `\nComments are shown with --proto, and by servers that have them: generated code leaves them out.\n${examples(
        `${name} describe grpc://localhost:50051                    all services`,
        `${name} describe grpc://localhost:50051 shop.Orders/Get    a method, and its messages`,
        `${name} describe --proto shop.proto Order                  a message; the package may be left out`,
        `${name} describe unix:/run/shop.sock Orders/Get --json > request.json`,
      )}`,
    )
    .action(async (args: string[], flags: DescribeFlags) => {
      const { describe } = await import('../actions/describe.ts');
      await describe(context, args, flags);
    });
}
