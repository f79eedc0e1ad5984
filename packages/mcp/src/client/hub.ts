import type {
  CallToolResult,
  Client,
  CompleteRequest,
  CompleteResult,
  FetchLike,
  GetPromptResult,
  Prompt,
  ReadResourceResult,
  RequestOptions,
  Resource,
  ResourceTemplateType,
} from '@modelcontextprotocol/client';
import { GroupGuard, type SecretStore } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Guard } from '../policy/guard.ts';
import type { McpCall } from '../policy/mcp-call.ts';
import type { ToolPins } from '../policy/tool-pins.ts';
import type { McpCaller } from '../server/served.ts';
import { toolNames } from '../tool-name.ts';
import { callTool } from './call-tool.ts';
import { cappedContents } from './cap-result.ts';
import type { CallOptions, HubServer, McpTool, ServerView } from './hub-types.ts';
import { maxListItems } from './limits.ts';
import { oauthSecretName } from './oauth/oauth-provider.ts';
import type { SignIn } from './oauth/sign-in.ts';
import type { ListName } from './open-connection.ts';
import { projectRoot } from './project-root.ts';
import type { Questions } from './questions.ts';
import { ServerLink } from './server-link.ts';
import { shownDescriptor } from './shown-descriptor.ts';
import { unwatchResource, watchResource } from './watch-resource.ts';

export interface HubOptions {
  readonly servers: readonly HubServer[];
  /** What zeke calls itself to servers. */
  readonly version: string;
  /** Absolute: what servers are told to work in, and where programs run. Without it they are told none. */
  readonly project?: string;
  /** Where programs run without a project: absolute. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where tokens of logins are kept. */
  readonly secrets: Pick<SecretStore, 'get' | 'set' | 'delete'>;
  /** Judges every call. Absent: all are made. */
  readonly guard?: Guard;
  /** Remembers how tools described themselves. */
  readonly pins?: ToolPins;
  readonly questions?: Questions;
  /** After which time without a call a connection is closed, in milliseconds; 0: never. */
  readonly idleTimeoutMs: number;
  /** Shared with others who start programs; default: one of its own. */
  readonly processes?: GroupGuard;
  readonly fetch?: FetchLike;
  /** Milliseconds that only grow; default `performance.now`. */
  readonly now?: () => number;
}

/** What a server offers beside tools. */
export interface ServerOffers {
  readonly resources: readonly Resource[];
  readonly templates: readonly ResourceTemplateType[];
  readonly prompts: readonly Prompt[];
}

const somebodyHere: McpCaller = { id: 'local' };

/**
 * All MCP servers of a user, or of a project, under one roof. Nothing is connected before it is needed, and
 * nothing that a server does reaches further than the calls to it. Throws `RpcError`s that name the
 * server; of the guard what it throws.
 */
export class Hub implements AsyncDisposable {
  readonly #options: HubOptions;
  readonly #ownProcesses: GroupGuard | undefined;
  readonly #processes: GroupGuard;
  readonly #links = new Map<string, ServerLink>();
  readonly #listeners = new Set<(server: string, list: ListName) => void>();

  constructor(options: HubOptions) {
    this.#options = options;
    this.#ownProcesses = options.processes === undefined ? new GroupGuard() : undefined;
    this.#processes = options.processes ?? (this.#ownProcesses as GroupGuard);
    for (const server of options.servers) this.#links.set(server.config.name, this.#link(server));
  }

  /** From now on these are the servers. What is as it was stays connected. */
  async configure(servers: readonly HubServer[]): Promise<void> {
    const before = new Map(this.#links);
    this.#links.clear();
    const ended: ServerLink[] = [];
    for (const server of servers) {
      const old = before.get(server.config.name);
      const isSame = old !== undefined && isSameServer(old.server, server);
      this.#links.set(server.config.name, isSame ? old : this.#link(server));
      if (isSame) before.delete(server.config.name);
    }
    ended.push(...before.values());
    await Promise.all(ended.map((link) => link[Symbol.asyncDispose]()));
    if (ended.length > 0) this.#tell('', 'tools');
  }

  servers(): ServerView[] {
    return [...this.#links.values()].map((link) => link.view());
  }

  /** Connects a server, though it has failed before; as `zeke mcp test` does. */
  async connect(server: string, signal?: AbortSignal): Promise<ServerView> {
    const link = this.#find(server);
    await link.connect(signal, true);
    return link.view();
  }

  /** Tools as of the last connections. */
  tools(): McpTool[] {
    const all = [...this.#links.values()].flatMap((link) =>
      link.tools.map((descriptor) => ({ link, descriptor })),
    );
    const names = toolNames(
      all.map(({ descriptor, link }) => ({ server: link.config.name, tool: descriptor.name })),
    );
    return all.map(({ descriptor, link }, index) => {
      const changed = link.changes.get(descriptor.name);
      return {
        name: names[index] ?? '',
        server: link.config.name,
        tool: descriptor.name,
        descriptor: shownDescriptor(descriptor),
        isReadOnly: link.config.trust && descriptor.annotations?.readOnlyHint === true,
        ...(changed === undefined ? {} : { changed }),
      };
    });
  }

  /** Connects servers whose tools are not known yet, all at once; those that fail are left out. */
  async loadTools(signal?: AbortSignal): Promise<McpTool[]> {
    const unknown = [...this.#links.values()].filter((link) => link.isUnknown);
    await Promise.allSettled(unknown.map((link) => link.connect(signal)));
    return this.tools();
  }

  /** Calls a tool by its name among all. What the tool failed in is a result with `isError`. */
  async callTool(
    name: string,
    args: Readonly<Record<string, unknown>>,
    options: CallOptions = {},
  ): Promise<CallToolResult> {
    const tool = this.tools().find((each) => each.name === name);
    if (tool === undefined) throw new RpcError('not_found', `there is no MCP tool called ${name}`);
    return this.callToolOf(tool, args, options);
  }

  async callToolOf(
    tool: McpTool,
    args: Readonly<Record<string, unknown>>,
    options: CallOptions = {},
  ): Promise<CallToolResult> {
    const link = this.#find(tool.server);
    const call = {
      kind: 'tool' as const,
      name: tool.name,
      arguments: args,
      scopes: ['unknown' as const],
      ...(tool.changed === undefined ? {} : { changed: tool.changed }),
    };
    return this.#guarded(call, options, () => callTool(link, tool.descriptor, args, options));
  }

  /** What a server has beside tools, asked of it. What it does not have is empty. */
  async offers(server: string, options: CallOptions = {}): Promise<ServerOffers> {
    return this.#find(server).use(async (client, request) => {
      const can = client.getServerCapabilities();
      const [resources, templates, prompts] = await Promise.all([
        can?.resources ? client.listResources(undefined, request) : undefined,
        // Not all who have resources know what a template is.
        can?.resources ? withoutTemplates(client, request) : undefined,
        can?.prompts ? client.listPrompts(undefined, request) : undefined,
      ]);
      return {
        resources: resources?.resources.slice(0, maxListItems) ?? [],
        templates: templates?.slice(0, maxListItems) ?? [],
        prompts: prompts?.prompts.slice(0, maxListItems) ?? [],
      };
    }, options);
  }

  async readResource(
    server: string,
    uri: string,
    options: CallOptions = {},
  ): Promise<ReadResourceResult> {
    const link = this.#find(server);
    const call = { kind: 'resource' as const, name: uri, arguments: { server, uri }, scopes: [] };
    return this.#guarded(call, options, async () => {
      const read = await link.use(
        (client, request) => client.readResource({ uri }, request),
        options,
      );
      return { ...read, contents: cappedContents(read.contents, link.config.maxResultBytes) };
    });
  }

  /** Calls this whenever the resource has changed, until the function it gives back is called. */
  async watchResource(
    server: string,
    uri: string,
    changed: () => void,
  ): Promise<() => Promise<void>> {
    const link = this.#find(server);
    const listeners = link.subscriptions.get(uri) ?? new Set();
    listeners.add(changed);
    link.subscriptions.set(uri, listeners);
    const leave = async () => {
      listeners.delete(changed);
      if (listeners.size > 0) return;
      link.subscriptions.delete(uri);
      await link.use((client) => unwatchResource(client, uri)).catch(() => {});
    };
    try {
      await link.use((client) => watchResource(client, uri));
    } catch (error) {
      listeners.delete(changed);
      if (listeners.size === 0) link.subscriptions.delete(uri);
      throw error;
    }
    return leave;
  }

  async getPrompt(
    server: string,
    name: string,
    args: Readonly<Record<string, string>>,
    options: CallOptions = {},
  ): Promise<GetPromptResult> {
    const link = this.#find(server);
    const call = {
      kind: 'prompt' as const,
      name: `${server}/${name}`,
      arguments: args,
      scopes: [],
    };
    return this.#guarded(call, options, () =>
      link.use((client, request) => client.getPrompt({ name, arguments: args }, request), options),
    );
  }

  async complete(
    server: string,
    request: CompleteRequest['params'],
    options: CallOptions = {},
  ): Promise<CompleteResult> {
    return this.#find(server).use((client, each) => client.complete(request, each), options);
  }

  /** Logs in at a server anew, with a person at a browser. */
  async login(server: string, signIn: SignIn, signal: AbortSignal): Promise<ServerView> {
    const link = this.#find(server);
    await this.logout(server);
    await link.login(signIn, signal);
    return link.view();
  }

  /** Forgets a server's tokens. False where there were none. */
  async logout(server: string): Promise<boolean> {
    const link = this.#find(server);
    const { config } = link;
    if (config.transport === 'stdio') {
      throw new RpcError(
        'failed_precondition',
        `MCP server ${server} is a program: it has no login`,
      );
    }
    await link.rest();
    return this.#options.secrets.delete(oauthSecretName(config.url, config.oauth));
  }

  /** What a server wrote to standard error and to its log, since it was connected. */
  log(server: string): string {
    return this.#find(server).log;
  }

  /** Calls this whenever a list of a server has changed, until the function it gives back is called. */
  onChange(listener: (server: string, list: ListName) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
    this.#links.clear();
    await this.#ownProcesses?.[Symbol.asyncDispose]();
  }

  #link(server: HubServer): ServerLink {
    const { fetch = globalThis.fetch, now = () => performance.now() } = this.#options;
    const { environment, home, idleTimeoutMs, pins, project, questions, secrets, version } =
      this.#options;
    const { name } = server.config;
    const link = new ServerLink(server, {
      client: { name: 'zeke', version },
      environment,
      folder: project ?? home,
      guard: this.#processes,
      fetch,
      store: secrets,
      now,
      questions: questions ?? {},
      ...(project === undefined ? {} : { root: projectRoot(project) }),
      ...(pins === undefined ? {} : { pins }),
      idleTimeoutMs,
      onChanged: (list) => void this.#changed(link, list),
      onUpdated: (uri) => {
        for (const listener of link.subscriptions.get(uri) ?? []) listener();
      },
    });
    this.#links.set(name, link);
    return link;
  }

  async #changed(link: ServerLink, list: ListName): Promise<void> {
    if (list === 'tools') await link.refreshTools().catch(() => {});
    this.#tell(link.config.name, list);
  }

  #tell(server: string, list: ListName): void {
    for (const listener of this.#listeners) listener(server, list);
  }

  #find(server: string): ServerLink {
    const link = this.#links.get(server);
    if (link !== undefined) return link;
    const known = [...this.#links.keys()].join(', ') || 'none';
    throw new RpcError('not_found', `there is no MCP server called ${server}; there are: ${known}`);
  }

  #guarded<Result extends CallToolResult | ReadResourceResult | GetPromptResult>(
    call: Omit<McpCall, 'direction' | 'caller'>,
    { caller = somebodyHere, signal = new AbortController().signal }: CallOptions,
    make: () => Promise<Result>,
  ): Promise<Result> {
    const { guard } = this.#options;
    return guard === undefined
      ? make()
      : guard.run({ ...call, direction: 'out', caller }, signal, make);
  }
}

async function withoutTemplates(client: Client, options: RequestOptions) {
  try {
    return (await client.listResourceTemplates(undefined, options)).resourceTemplates;
  } catch {
    return [];
  }
}

/** Secrets count: a new one takes a new connection. */
function isSameServer(one: HubServer, other: HubServer): boolean {
  return Bun.deepEquals(revealed(one), revealed(other), true);
}

function revealed({ config, ...rest }: HubServer): unknown {
  const secrets = config.transport === 'stdio' ? config.env : config.headers;
  const clientSecret = config.transport === 'stdio' ? undefined : config.oauth.clientSecret;
  return {
    ...rest,
    config: JSON.stringify(config),
    secrets: Object.entries(secrets).map(([name, value]) => [name, value.reveal()]),
    clientSecret: clientSecret?.reveal(),
  };
}
