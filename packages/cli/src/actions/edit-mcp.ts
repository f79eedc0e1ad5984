import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { AddMcpFlags } from '../commands/mcp.ts';
import { openConfigFile, replaceConfigFile } from '../config-file.ts';
import type { Context } from '../context.ts';
import { addTable, hasTable, removeTable, type TomlValue } from '../edit-toml.ts';
import { openMcp } from './mcp.ts';

/** What is written of a server, wherever it is. */
interface Written {
  readonly command?: string;
  readonly args: readonly string[];
  readonly url?: string;
  readonly transport?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Writes a server into the configuration file in force, or into the project's `.mcp.json`. */
export async function addMcpServer(
  context: Context,
  name: string,
  command: readonly string[],
  flags: AddMcpFlags,
): Promise<void> {
  const { output } = context;
  const server = writtenServer(command, flags);
  if (flags.project) {
    const file = await addToProject(context, name, server, flags);
    if (flags.json) return output.json({ server: { name, file } });
    output.line(`added ${name} to ${file}`);
    return output.note(`who works on the project is asked first: zeke mcp approve ${name}`);
  }
  const file = await openConfigFile(context, flags);
  const path = ['mcp', 'servers', name];
  if (hasTable(file.text, path)) {
    const message = `${file.path} has an MCP server ${name} already: remove it first`;
    throw new RpcError('already_exists', message);
  }
  const unset = unsetVariables(context, server);
  const assumed = Object.fromEntries(unset.map((variable) => [variable, 'assumed']));
  await replaceConfigFile(context, file, withServer(file.text, path, server), assumed);
  if (flags.json) return output.json({ server: { name, file: file.path } });
  output.line(`added ${name} to ${file.path}`);
  for (const variable of unset) {
    const { yellow } = output.noteStyles;
    output.note(`${yellow('warning:')} ${variable} is not set in this shell: export ${variable}=…`);
  }
  output.note(`zeke mcp test ${name} shows whether it answers`);
}

/** Takes a server out, with its login and what was remembered of its tools. */
export async function removeMcpServer(
  context: Context,
  name: string,
  flags: AddMcpFlags,
): Promise<void> {
  const { output } = context;
  const file = flags.project
    ? await removeFromProject(context, name, flags)
    : await removeFromConfig(context, name, flags);
  if (flags.json) return output.json({ removed: { name, file } });
  output.line(`removed ${name} from ${file}`);
}

async function removeFromConfig(context: Context, name: string, flags: AddMcpFlags) {
  const file = await openConfigFile(context, flags);
  const path = ['mcp', 'servers', name];
  if (!hasTable(file.text, path)) {
    throw new RpcError('not_found', `${file.path} has no MCP server called ${name}`);
  }
  await using mcp = await openMcp(context, flags);
  await replaceConfigFile(context, file, removeTable(file.text, path));
  await mcp.forget(name);
  return file.path;
}

function writtenServer(command: readonly string[], flags: AddMcpFlags): Written {
  const [program, ...args] = command;
  if ((program === undefined) === (flags.url === undefined)) {
    throw new RpcError(
      'invalid_argument',
      'say either a program, as in zeke mcp add files -- npx -y server, or --url',
    );
  }
  if (program !== undefined && (flags.header ?? flags.transport) !== undefined) {
    throw new RpcError('invalid_argument', '--header and --transport go with --url');
  }
  if (program === undefined && flags.env !== undefined) {
    throw new RpcError('invalid_argument', '--env goes with a program');
  }
  return {
    ...(program === undefined ? {} : { command: program }),
    args,
    ...(flags.url === undefined ? {} : { url: flags.url }),
    ...(flags.transport === undefined ? {} : { transport: flags.transport }),
    env: pairs('--env', flags.env),
    headers: pairs('--header', flags.header),
  };
}

const reference = /^(env|file|secret|keychain|vault):./;
const soundsSecret = /auth|cookie|credential|key|passw|secret|token/i;

/** Arguments of a command can be read by every user of the machine, so no secret is one. */
function pairs(flag: string, given: readonly string[] = []): Record<string, string> {
  const table: Record<string, string> = {};
  for (const pair of given) {
    const at = pair.indexOf('=');
    if (at < 1) throw new RpcError('invalid_argument', `${flag} takes name=value, not ${pair}`);
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (soundsSecret.test(name) && !reference.test(value)) {
      throw new RpcError(
        'invalid_argument',
        `${flag} ${name}: a secret is no argument. Keep it with zeke secrets set ${name}, and say ${name}=secret:${name}; or ${name}=env:VARIABLE`,
      );
    }
    table[name] = value;
  }
  return table;
}

function withServer(text: string, path: readonly string[], server: Written): string {
  const { args, command, env, headers, transport, url } = server;
  const values: Record<string, TomlValue> = {
    ...(command === undefined ? {} : { command }),
    ...(args.length === 0 ? {} : { args }),
    ...(url === undefined ? {} : { url }),
    ...(transport === undefined ? {} : { transport }),
  };
  let changed = addTable(text, path, values);
  if (Object.keys(env).length > 0) changed = addTable(changed, [...path, 'env'], env);
  if (Object.keys(headers).length > 0) changed = addTable(changed, [...path, 'headers'], headers);
  return changed;
}

/** Variables that the server refers to and this shell does not have. */
function unsetVariables({ environment }: Context, { env, headers }: Written): string[] {
  return Object.values({ ...env, ...headers })
    .filter((value) => value.startsWith('env:'))
    .map((value) => value.slice('env:'.length))
    .filter((variable) => !environment[variable]);
}

async function addToProject(
  context: Context,
  name: string,
  server: Written,
  flags: AddMcpFlags,
): Promise<string> {
  return changeProject(context, flags, (servers, path) => {
    if (Object.hasOwn(servers, name)) {
      const message = `${path} has an MCP server ${name} already: remove it first`;
      throw new RpcError('already_exists', message);
    }
    servers[name] = projectServer(server);
  });
}

async function removeFromProject(context: Context, name: string, flags: AddMcpFlags) {
  return changeProject(context, flags, (servers, path) => {
    if (!Object.hasOwn(servers, name)) {
      throw new RpcError('not_found', `${path} has no MCP server called ${name}`);
    }
    delete servers[name];
  });
}

function projectServer({ args, command, env, headers, transport, url }: Written) {
  const table = (given: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [name, variable(value)]));
  if (command !== undefined) {
    return { command, args, ...(Object.keys(env).length > 0 ? { env: table(env) } : {}) };
  }
  return {
    type: transport ?? 'http',
    url,
    ...(Object.keys(headers).length > 0 ? { headers: table(headers) } : {}),
  };
}

/** The file of a project knows variables only, which others have, too. */
function variable(value: string): string {
  if (value.startsWith('env:')) return `\${${value.slice('env:'.length)}}`;
  if (!reference.test(value)) return value;
  const message = `${value}: .mcp.json knows variables only, as env:NAME`;
  throw new RpcError('invalid_argument', message);
}

/** Edits the servers of the project's file, which is made where there is none. */
async function changeProject(
  context: Context,
  flags: AddMcpFlags,
  edit: (servers: Record<string, unknown>, path: string) => void,
): Promise<string> {
  await using mcp = await openMcp(context, flags);
  const path = join(mcp.root, '.mcp.json');
  const file = await projectFile(path);
  const servers = { ...(file.mcpServers as Record<string, unknown> | undefined) };
  edit(servers, path);
  const text = `${JSON.stringify({ ...file, mcpServers: servers }, null, 2)}\n`;
  await writeFileAtomically(path, text, 0o644);
  return path;
}

async function projectFile(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new RpcError('failed_precondition', `${path} is not valid JSON: mend it first`, {
      cause,
    });
  }
}
