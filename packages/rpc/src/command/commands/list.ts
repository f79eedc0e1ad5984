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

export interface ListFlags extends ServerFlags {
  readonly json?: boolean;
}

/** `zrpc list` */
export function addList(program: Command, context: Context): void {
  const command = program
    .command('list')
    .description('list services, or the methods of one')
    .argument('[arguments...]')
    .usage('[target] [service] [options]');
  withOutput(withSchema(withCall(withTarget(command))))
    .option('--json', 'print JSON, with the kinds and types of methods')
    .addHelpText(
      'after',
      examples(
        `${context.name} list grpc://localhost:50051`,
        `${context.name} list grpc://localhost:50051 shop.Orders`,
        `${context.name} list --proto shop.proto -I proto --json`,
      ),
    )
    .action(async (args: string[], flags: ListFlags) => {
      const { list } = await import('../actions/list.ts');
      await list(context, args, flags);
    });
}
