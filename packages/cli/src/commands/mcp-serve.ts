import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig } from '../flags.ts';

export interface ServeMcpFlags {
  readonly config?: string;
  readonly project?: string;
}

/** `zeke mcp serve` */
export function addMcpServe(mcp: Command, context: Context): void {
  withConfig(
    mcp
      .command('serve')
      .description('be an MCP server on standard input and output, with all servers behind it'),
  )
    .option('--project <folder>', 'the folder that tools work in; else the one it is started in')
    .addHelpText(
      'after',
      examples(
        'claude mcp add zeke -- zeke mcp serve',
        'codex mcp add zeke -- zeke mcp serve',
        'zeke mcp serve --project ~/src/app',
      ),
    )
    .action(async (flags: ServeMcpFlags) => {
      const { serveMcpHere } = await import('../actions/mcp-serve.ts');
      await serveMcpHere(context, flags);
    });
}
