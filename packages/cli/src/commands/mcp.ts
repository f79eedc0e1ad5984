import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples, withConfig, withJson } from '../flags.ts';
import { addMcpServe } from './mcp-serve.ts';

export interface McpFlags {
  readonly json?: boolean;
  readonly config?: string;
}

export interface AddMcpFlags extends McpFlags {
  readonly url?: string;
  readonly transport?: string;
  readonly header?: readonly string[];
  readonly env?: readonly string[];
  readonly project?: boolean;
}

export interface InspectMcpFlags extends McpFlags {
  readonly args?: string;
  readonly resource?: string;
  readonly prompt?: string;
}

/** `zeke mcp {add,list,remove,test,inspect,login,logout,approve,serve}` */
export function addMcp(program: Command, context: Context, setExitCode: SetExitCode): void {
  const mcp = program
    .command('mcp')
    .description('MCP servers: tools of other programs for the assistant, and for your clients');
  addAdd(mcp, context);
  addLooking(mcp, context, setExitCode);
  addRemove(mcp, context);
  addAccess(mcp, context);
  addMcpServe(mcp, context);
}

function addAdd(mcp: Command, context: Context): void {
  withConfig(
    withJson(
      mcp
        .command('add <name> [command...]')
        .description('write a server into zeke.toml: a program after --, or an address'),
    ),
  )
    .option('--url <url>', 'the address of a server, in place of a program')
    .addOption(
      new Option('--transport <name>', 'how the address is called').choices([
        'http',
        'sse',
        'websocket',
      ]),
    )
    .addOption(
      new Option('--header <name=value>', 'a header to send; may stand often').argParser(gathered),
    )
    .addOption(
      new Option('--env <name=value>', 'a variable for the program; may stand often').argParser(
        gathered,
      ),
    )
    .option('--project', "write into the project's .mcp.json, for all who work on it")
    .addHelpText(
      'after',
      `${examples(
        'zeke mcp add files -- npx -y @modelcontextprotocol/server-filesystem .',
        'zeke mcp add github --url https://api.githubcopilot.com/mcp --header authorization=secret:github',
        'zeke mcp add search --env KEY=env:SEARCH_KEY -- search-server --stdio',
        'zeke mcp add --project docs --url https://docs.example.com/mcp',
      )}\n\nA value that is a secret is written as env:NAME, secret:NAME or file:PATH.`,
    )
    .action(async (name: string, command: readonly string[], flags: AddMcpFlags) => {
      const { addMcpServer } = await import('../actions/edit-mcp.ts');
      await addMcpServer(context, name, command, flags);
    });
}

function addLooking(mcp: Command, context: Context, setExitCode: SetExitCode): void {
  withConfig(withJson(mcp.command('list').description('servers, and how they are')))
    .option('--no-connect', 'do not connect them')
    .addHelpText('after', examples('zeke mcp list', 'zeke mcp list --no-connect --json'))
    .action(async (flags: McpFlags & { connect: boolean }) => {
      const { listMcpServers } = await import('../actions/mcp.ts');
      await listMcpServers(context, flags);
    });
  withConfig(
    withJson(
      mcp.command('test [name]').description('connect one server, or all, and count what it has'),
    ),
  )
    .addHelpText('after', examples('zeke mcp test', 'zeke mcp test files'))
    .action(async (name: string | undefined, flags: McpFlags) => {
      const { testMcpServers } = await import('../actions/mcp.ts');
      setExitCode(await testMcpServers(context, name, flags));
    });
  withConfig(
    withJson(
      mcp
        .command('inspect <name> [tool]')
        .description('show what a server has, or call a tool of it'),
    ),
  )
    .option('--args <json>', 'arguments of the tool or the prompt, as a JSON object')
    .addOption(new Option('--resource <uri>', 'read this resource').conflicts(['prompt', 'args']))
    .option('--prompt <name>', 'get this prompt')
    .addHelpText(
      'after',
      examples(
        'zeke mcp inspect files',
        'zeke mcp inspect files read_file --args \'{"path":"README.md"}\'',
        'zeke mcp inspect docs --resource docs://index',
      ),
    )
    .action(async (name: string, tool: string | undefined, flags: InspectMcpFlags) => {
      const { inspectMcpServer } = await import('../actions/inspect-mcp.ts');
      setExitCode(await inspectMcpServer(context, name, tool, flags));
    });
}

function addRemove(mcp: Command, context: Context): void {
  withConfig(
    withJson(mcp.command('remove <name>').description('take a server out, with its login')),
  )
    .option('--project', "out of the project's .mcp.json")
    .addHelpText('after', examples('zeke mcp remove files', 'zeke mcp remove docs --project'))
    .action(async (name: string, flags: AddMcpFlags) => {
      const { removeMcpServer } = await import('../actions/edit-mcp.ts');
      await removeMcpServer(context, name, flags);
    });
}

function addAccess(mcp: Command, context: Context): void {
  withConfig(withJson(mcp.command('login <name>').description('log in at a server, in a browser')))
    .option('--no-browser', 'print the address only')
    .addHelpText('after', examples('zeke mcp login github'))
    .action(async (name: string, flags: McpFlags & { browser: boolean }) => {
      const { loginAtMcpServer } = await import('../actions/mcp-access.ts');
      await loginAtMcpServer(context, name, flags);
    });
  withConfig(withJson(mcp.command('logout <name>').description('forget a login at a server')))
    .addHelpText('after', examples('zeke mcp logout github'))
    .action(async (name: string, flags: McpFlags) => {
      const { logoutOfMcpServer } = await import('../actions/mcp-access.ts');
      await logoutOfMcpServer(context, name, flags);
    });
  withConfig(
    withJson(
      mcp
        .command('approve <name>')
        .description("agree to a server of the project's .mcp.json, as it is written now"),
    ),
  )
    .addOption(new Option('--yes', 'without being asked').conflicts('refuse'))
    .option('--refuse', 'do not use it, and do not ask again')
    .addHelpText('after', examples('zeke mcp approve docs', 'zeke mcp approve docs --refuse'))
    .action(async (name: string, flags: McpFlags & { yes?: boolean; refuse?: boolean }) => {
      const { approveMcpServer } = await import('../actions/mcp-access.ts');
      await approveMcpServer(context, name, flags);
    });
}

function gathered(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}
