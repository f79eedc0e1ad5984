import { RpcError } from '@zeke/rpc';
import type { McpFlags } from '../commands/mcp.ts';
import type { Context } from '../context.ts';
import { openBrowser } from '../open-browser.ts';
import { printable } from '../output.ts';
import { openMcp } from './mcp.ts';

/** Logs in at a server in a browser. */
export async function loginAtMcpServer(
  context: Context,
  name: string,
  flags: McpFlags & { readonly browser: boolean },
): Promise<void> {
  const { interrupts, output } = context;
  await using mcp = await openMcp(context, flags);
  let asked = false;
  const open = (url: URL) => {
    asked = true;
    output.note(`log in with your browser at\n${url.href}`);
    if (flags.browser) openBrowser(url.href);
  };
  const server = await mcp.login(name, open, interrupts.signal);
  if (flags.json) return output.json({ server, asked });
  if (asked) output.line(`logged in at ${name}, which has ${server.tools} tools`);
  else output.line(`${name} asks for no login; it has ${server.tools} tools`);
}

/** Forgets a login at a server. */
export async function logoutOfMcpServer(
  context: Context,
  name: string,
  flags: McpFlags,
): Promise<void> {
  const { output } = context;
  await using mcp = await openMcp(context, flags);
  const wasLoggedIn = await mcp.hub.logout(name);
  if (flags.json) return output.json({ name, wasLoggedIn });
  output.line(wasLoggedIn ? `logged out of ${name}` : `there was no login at ${name}`);
}

/** Keeps what a person says to a server of the project's `.mcp.json`, once it has been shown. */
export async function approveMcpServer(
  context: Context,
  name: string,
  flags: McpFlags & { readonly yes?: boolean; readonly refuse?: boolean },
): Promise<void> {
  const { output } = context;
  await using mcp = await openMcp(context, flags);
  const entry = await mcp.entry(name);
  if (!flags.json) {
    output.note(`${mcp.root}/.mcp.json has`);
    for (const line of entry.shown.split('\n')) output.note(`  ${printable(line)}`);
  }
  const isGiven = flags.refuse !== true && (flags.yes === true || (await agreed(context, name)));
  await mcp.answer(entry, isGiven);
  if (flags.json) return output.json({ name, isGiven });
  output.line(
    isGiven ? `${name} is used from now on, as it is written there` : `${name} is not used`,
  );
}

async function agreed({ interactive }: Context, name: string): Promise<boolean> {
  if (!interactive) {
    const message = `say --yes or --refuse: there is nobody to ask whether ${name} may be used`;
    throw new RpcError('invalid_argument', message);
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: `Use ${name} in this project?`, initialValue: false });
  if (isCancel(answer)) throw new RpcError('canceled', 'nothing was changed');
  return answer;
}
