import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type ClientCapabilities,
  type CompleteResult,
  type Implementation,
  type InputRequests,
  McpServer,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type RequestStateCodec,
  type ServerCapabilities,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server';
import { asMcpError, type McpErrorName } from '../mcp-error.ts';
import type { Admission } from './admission.ts';
import type { Asking, AskState } from './asking.ts';
import { ResourceWatch } from './resource-watch.ts';
import type { McpCaller, Served, ServedContext } from './served.ts';

/** What every connection of one server shares. */
export interface ServerParts {
  readonly served: Served;
  readonly info: Implementation;
  /** For models: what the server is for. */
  readonly instructions?: string;
  readonly asking: Asking;
  readonly state: RequestStateCodec<AskState>;
  readonly admission: Admission;
  /** How long clients may keep lists, in milliseconds; told to those who ask for it. */
  readonly listTtlMs: number;
}

/** Things listed in one page. */
const pageLength = 500;

/** One connection, session or request of MCP: what is served, in the methods of the protocol. */
export class ServedServer extends McpServer {
  readonly #parts: ServerParts;
  readonly #caller: McpCaller;
  /** Of the tool that a request is about to call: the SDK checks the headers that mirror its arguments. */
  #schemaOf: (name: string) => Record<string, unknown> | undefined = () => undefined;
  readonly #watch: ResourceWatch;

  constructor(parts: ServerParts, caller: McpCaller) {
    const capabilities = capabilitiesOf(parts.served);
    const hint = { ttlMs: parts.listTtlMs, cacheScope: 'private' } as const;
    super(parts.info, {
      capabilities,
      ...(parts.instructions === undefined ? {} : { instructions: parts.instructions }),
      cacheHints: {
        'tools/list': hint,
        'prompts/list': hint,
        'resources/list': hint,
        'resources/templates/list': hint,
      },
      requestState: { verify: parts.state.verify },
    });
    this.#parts = parts;
    this.#caller = caller;
    this.#watch = new ResourceWatch(parts.served.resources, caller, (uri) => {
      this.server
        .notification({ method: 'notifications/resources/updated', params: { uri } })
        .catch(() => undefined);
    });
    this.#handleTools();
    this.#handleResources();
    this.#handlePrompts();
    this.#handleCompletion();
  }

  /** Reads the tools, so that headers of a call can be checked against their schemas. */
  async readSchemas(): Promise<this> {
    const tools = (await this.#parts.served.tools?.list(this.#caller)) ?? [];
    this.#schemaOf = (name) => tools.find((tool) => tool.name === name)?.inputSchema;
    return this;
  }

  override toolInputSchemaJson(name: string): Record<string, unknown> | undefined {
    return this.#schemaOf(name);
  }

  override async close(): Promise<void> {
    this.#watch[Symbol.dispose]();
    await super.close();
  }

  /** Ends what the connection watches: call it when the transport has closed. */
  leave(): void {
    this.#watch[Symbol.dispose]();
  }

  get watch(): ResourceWatch {
    return this.#watch;
  }

  #handleTools(): void {
    const { tools } = this.#parts.served;
    if (!tools) return;
    this.server.setRequestHandler('tools/list', async ({ params }) => {
      const listed = page(await tools.list(this.#caller), params?.cursor);
      return { tools: listed.items as Tool[], ...listed.next };
    });
    this.server.setRequestHandler('tools/call', ({ params }, context) =>
      this.#call('tool-failed', params, context, (served) =>
        tools.call({ name: params.name, arguments: params.arguments ?? {} }, served),
      ),
    );
  }

  #handleResources(): void {
    const { resources } = this.#parts.served;
    if (!resources) return;
    this.server.setRequestHandler('resources/list', async ({ params }) => {
      const listed = page(await resources.list(this.#caller), params?.cursor);
      return { resources: [...listed.items], ...listed.next };
    });
    this.server.setRequestHandler('resources/templates/list', async ({ params }) => {
      const templates = (await resources.templates?.(this.#caller)) ?? [];
      const listed = page(templates, params?.cursor);
      return { resourceTemplates: [...listed.items], ...listed.next };
    });
    this.server.setRequestHandler('resources/read', ({ params }, context) =>
      this.#call('resource-not-found', params, context, (served) =>
        resources.read(params.uri, served),
      ),
    );
    if (!resources.subscribe) return;
    this.server.setRequestHandler('resources/subscribe', async ({ params }) => {
      await this.#watch.add(params.uri);
      return {};
    });
    this.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
      this.#watch.remove(params.uri);
      return {};
    });
  }

  #handlePrompts(): void {
    const { prompts } = this.#parts.served;
    if (!prompts) return;
    this.server.setRequestHandler('prompts/list', async ({ params }) => {
      const listed = page(await prompts.list(this.#caller), params?.cursor);
      return { prompts: [...listed.items], ...listed.next };
    });
    this.server.setRequestHandler('prompts/get', ({ params }, context) =>
      this.#call('prompt-failed', params, context, (served) =>
        prompts.get({ name: params.name, arguments: params.arguments ?? {} }, served),
      ),
    );
  }

  #handleCompletion(): void {
    const { served } = this.#parts;
    if (!served.complete) return;
    this.server.setRequestHandler('completion/complete', async ({ params }, context) => {
      const result = await this.#call('prompt-failed', params, context, async (own) => {
        return (await served.complete?.(params, own)) ?? noValues;
      });
      return result as CompleteResult;
    });
  }

  async #call<Result>(
    failed: McpErrorName,
    params: object,
    context: ServerContext,
    run: (context: ServedContext) => Promise<Result>,
  ) {
    const caller = this.#callerOf(context);
    const what = JSON.stringify([
      caller.id,
      context.mcpReq.method,
      { ...params, _meta: undefined },
    ]);
    using _place = this.#parts.admission.enter(caller.sessionId ?? caller.id);
    try {
      return await this.#parts.asking.run(context, what, ({ ask, signal }) =>
        run({
          caller,
          signal,
          ask: (requests) => {
            this.#checkCanBeAsked(context, requests);
            return ask(requests);
          },
          onProgress: progressOf(context),
          log: (level, data) => {
            context.mcpReq.log(level, data).catch(() => undefined);
          },
        }),
      );
    } catch (error) {
      throw asMcpError(error, failed);
    }
  }

  #callerOf({ mcpReq, sessionId }: ServerContext): McpCaller {
    const meta = mcpReq.envelope as Record<string, unknown> | undefined;
    const info = (meta?.[CLIENT_INFO_META_KEY] ?? this.server.getClientVersion()) as
      | Partial<Implementation>
      | undefined;
    return {
      ...this.#caller,
      ...(typeof info?.name === 'string' ? { client: info.name.slice(0, 200) } : {}),
      ...(sessionId === undefined ? {} : { sessionId }),
    };
  }

  /** The call would wait for nothing: such a client can't answer, or not this. */
  #checkCanBeAsked({ mcpReq }: ServerContext, requests: InputRequests): void {
    const meta = mcpReq.envelope as Record<string, unknown> | undefined;
    const can = (meta?.[CLIENT_CAPABILITIES_META_KEY] ?? this.server.getClientCapabilities()) as
      | ClientCapabilities
      | undefined;
    const missing: Record<string, object> = {};
    for (const { method } of Object.values(requests)) {
      const needed = capabilityFor(method);
      if (needed === undefined) {
        throw new ProtocolError(
          ProtocolErrorCode.InternalError,
          `${method} asks no client anything`,
        );
      }
      if (can?.[needed] === undefined) missing[needed] = {};
    }
    if (Object.keys(missing).length === 0) return;
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: missing });
  }
}

const noValues: CompleteResult = { completion: { values: [] } };

function capabilityFor(method: string): 'elicitation' | 'roots' | 'sampling' | undefined {
  if (method === 'elicitation/create') return 'elicitation';
  if (method === 'sampling/createMessage') return 'sampling';
  return method === 'roots/list' ? 'roots' : undefined;
}

function capabilitiesOf({ complete, prompts, resources, tools }: Served): ServerCapabilities {
  return {
    logging: {},
    ...(tools ? { tools: { listChanged: tools.onChange !== undefined } } : {}),
    ...(resources
      ? {
          resources: {
            listChanged: resources.onChange !== undefined,
            subscribe: resources.subscribe !== undefined,
          },
        }
      : {}),
    ...(prompts ? { prompts: { listChanged: prompts.onChange !== undefined } } : {}),
    ...(complete ? { completions: {} } : {}),
  };
}

/** Progress goes where the caller has given a token for it. */
function progressOf({ mcpReq }: ServerContext): ServedContext['onProgress'] {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  return (progress) => {
    mcpReq
      .notify({ method: 'notifications/progress', params: { ...progress, progressToken } })
      .catch(() => undefined);
  };
}

/** Part of a list, and where the next begins. Throws `invalid params` for a cursor that is none of ours. */
function page<Item>(
  items: readonly Item[],
  cursor: string | undefined,
): { items: readonly Item[]; next: { nextCursor?: string } } {
  const from = cursor === undefined ? 0 : Number(cursor);
  if (!Number.isSafeInteger(from) || from < 0 || (cursor !== undefined && from > items.length)) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'cursor: it is not one of this list');
  }
  const to = from + pageLength;
  return {
    items: items.slice(from, to),
    next: to < items.length ? { nextCursor: String(to) } : {},
  };
}
