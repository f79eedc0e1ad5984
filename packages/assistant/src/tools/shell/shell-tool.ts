import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolContext, ToolOutput, ToolPlace } from '../tool.ts';
import { runToEnd } from './run-to-end.ts';
import type { ShellHost } from './shell-host.ts';

const input = z.strictObject({
  command: z.string().min(1).describe('A command line for bash'),
  cwd: z.string().default('.').describe('Folder it runs in, relative to the working folder'),
  timeout_seconds: z
    .number()
    .int()
    .min(1)
    .max(300)
    .default(30)
    .describe('After this it is ended; a background job goes on until it is stopped'),
  env: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), z.string())
    .optional()
    .describe('Environment variables to set'),
  background: z
    .boolean()
    .default(false)
    .describe(
      'Goes on beside the conversation: for servers and watchers. Read it with shell_output',
    ),
  tty: z.boolean().default(false).describe('Gives it a terminal: for programs that insist on one'),
  network: z
    .boolean()
    .default(false)
    .describe('It needs the network, which the sandbox does not have: asks the user'),
  outside_sandbox: z
    .boolean()
    .default(false)
    .describe(
      'It cannot work in the sandbox, as when it must write outside the project: asks the user',
    ),
});

type Input = z.output<typeof input>;

/** Runs a command line and waits for it, or starts it as a job. */
export function shellTool(host: ShellHost): Tool<Input> {
  return defineTool({
    name: 'shell',
    aliases: ['shell_execute', 'unifiedExec'],
    description:
      'Runs a command line in bash and gives back what it printed and how it ended. Each call is a new shell in the folder cwd: variables and cd do not last. Standard input is empty, and editors and pagers do not open. Commands run in a sandbox where there is one: they write only to the project and to /tmp, without a network unless network is true. Long output is cut in the middle; the whole of it stands in a file then. What it starts with & ends with it: use background for servers.',
    isReadOnly: false,
    input,
    actions: async (call, place) => {
      const folder = await resolvePath(place, call.cwd);
      const reach = await reachOf(host, call, place);
      const command = withVariables(call);
      return [{ kind: 'shell', command, cwd: folder.path, ...(reach && { reach }) }];
    },
    run: (call, context) =>
      withFailuresTold(async () => {
        const request = await requestOf(host, call, context);
        if (call.background) return await startJob(host, request, context);
        return await runToEnd(host, request, call.timeout_seconds, context);
      }),
  });
}

/** The command line that runs is the one that is judged, variables and all. */
function withVariables({ command, env = {} }: Input): string {
  const lines = Object.entries(env).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`,
  );
  const script = lines.join('') + command;
  if (Buffer.byteLength(script) > maxScriptBytes) {
    throw new RpcError(
      'invalid_argument',
      `the command line is over ${maxScriptBytes} bytes long: write a script into a file and run that`,
    );
  }
  return script;
}

/** Linux takes 131,072 in one argument. */
const maxScriptBytes = 120_000;

function reachOf(host: ShellHost, call: Input, place: ToolPlace) {
  return host.reachOf(place, { network: call.network, host: call.outside_sandbox });
}

async function requestOf(host: ShellHost, call: Input, context: ToolContext) {
  const command = withVariables(call);
  const folder = await resolvePath(context, call.cwd);
  const reach = await reachOf(host, call, context);
  const isAllowed = context.allowed.some(
    (action) =>
      action.kind === 'shell' &&
      action.command === command &&
      action.cwd === folder.path &&
      action.reach === reach,
  );
  if (!isAllowed) {
    throw new RpcError(
      'aborted',
      `the folder leads to ${folder.path} by now, or the sandbox changed, since the call was allowed: try again`,
    );
  }
  if (!folder.exists) throw new RpcError('not_found', `${folder.shown}: there is no such folder`);
  return { command, cwd: folder.path, reach, hasTerminal: call.tty };
}

type Request = Awaited<ReturnType<typeof requestOf>>;

async function startJob(
  host: ShellHost,
  request: Request,
  context: ToolContext,
): Promise<ToolOutput> {
  const job = await host.startJob(context, { ...request, hasInput: true, timeoutMs: undefined });
  return {
    text: `started as job ${job.id}: read what it prints with shell_output, write to it with shell_input, end it with shell_stop`,
    summary: `started as job ${job.id}`,
  };
}
