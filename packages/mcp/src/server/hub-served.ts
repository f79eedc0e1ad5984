import {
  type CompleteResult,
  type ContentBlock,
  type GetPromptResult,
  type Prompt,
  type Resource,
  ResourceNotFoundError,
  type ResourceTemplateType,
  type Tool,
} from '@modelcontextprotocol/server';
import type { Hub, ServerOffers } from '../client/hub.ts';
import { mcpError } from '../mcp-error.ts';
import { serverPrefix } from '../tool-name.ts';
import type { HubQuestions } from './hub-questions.ts';
import type { Served, ServedContext } from './served.ts';

/**
 * All that the servers of a hub offer, as one: tools and prompts as `server__name`, resources as
 * `mcp://server/` before their own address. Calls are the hub's, with its guard around them; progress,
 * cancellation and questions go through to who called.
 */
export function servedHub(hub: Hub, questions: HubQuestions): Served {
  const offers = new Offers(hub);
  return {
    tools: {
      list: async () =>
        (await hub.loadTools()).map(({ descriptor, name }) => listed(descriptor, name)),
      call: async ({ arguments: args, name }, context) => {
        const tool = (await hub.loadTools(context.signal)).find((each) => each.name === name);
        if (!tool) throw mcpError('tool-not-found', `there is no tool ${name}`);
        const result = await questions.during(tool.server, context, (origin) =>
          hub.callToolOf(tool, args, { ...optionsOf(context), origin }),
        );
        return { ...result, content: result.content.map((block) => addressed(block, tool.server)) };
      },
      onChange: (listener) => hub.onChange((_server, list) => list === 'tools' && listener()),
    },
    resources: {
      list: async () => {
        const all = await offers.all();
        return all.flatMap(([server, { resources }]) =>
          resources.map(
            (resource): Resource => ({ ...resource, uri: uriOf(server, resource.uri) }),
          ),
        );
      },
      templates: async () => {
        const all = await offers.all();
        return all.flatMap(([server, { templates }]) =>
          templates.map(
            (template): ResourceTemplateType => ({
              ...template,
              uriTemplate: uriOf(server, template.uriTemplate),
            }),
          ),
        );
      },
      read: async (uri, context) => {
        const { own, server } = addressOf(hub, uri);
        const result = await questions.during(server, context, (origin) =>
          hub.readResource(server, own, { ...optionsOf(context), origin }),
        );
        const contents = result.contents.map((part) => ({ ...part, uri: uriOf(server, part.uri) }));
        return { ...result, contents };
      },
      subscribe: async (uri, _caller, changed) => {
        const { own, server } = addressOf(hub, uri);
        const stop = await hub.watchResource(server, own, changed);
        return () => void stop().catch(() => undefined);
      },
      onChange: (listener) => hub.onChange((_server, list) => list === 'resources' && listener()),
    },
    prompts: {
      list: async () => {
        const all = await offers.all();
        return all.flatMap(([server, { prompts }]) =>
          prompts.map(
            (prompt): Prompt => ({ ...prompt, name: serverPrefix(server) + prompt.name }),
          ),
        );
      },
      get: async ({ arguments: args, name }, context) => {
        const { own, server } = promptOf(hub, name);
        const result = await questions.during(server, context, (origin) =>
          hub.getPrompt(server, own, args, { ...optionsOf(context), origin }),
        );
        return addressedPrompt(result, server);
      },
      onChange: (listener) => hub.onChange((_server, list) => list === 'prompts' && listener()),
    },
    complete: async (request, context): Promise<CompleteResult> => {
      const { ref } = request;
      const { own, server } =
        ref.type === 'ref/prompt' ? promptOf(hub, ref.name) : addressOf(hub, ref.uri);
      const ownRef = ref.type === 'ref/prompt' ? { ...ref, name: own } : { ...ref, uri: own };
      return await hub.complete(server, { ...request, ref: ownRef }, optionsOf(context));
    },
  };
}

/** What servers offer beside tools, asked again after they have said that it changed. */
class Offers {
  readonly #hub: Hub;
  readonly #known = new Map<string, Promise<ServerOffers>>();

  constructor(hub: Hub) {
    this.#hub = hub;
    hub.onChange((server, list) => {
      if (server === '') this.#known.clear();
      else if (list !== 'tools') this.#known.delete(server);
    });
  }

  /** Of those that answer, in their order. */
  async all(): Promise<(readonly [string, ServerOffers])[]> {
    await this.#hub.loadTools();
    const names = this.#hub
      .servers()
      .filter(({ status }) => status === 'ready' || status === 'idle')
      .map(({ name }) => name);
    const asked = await Promise.allSettled(names.map((name) => this.#of(name)));
    return asked.flatMap((each, index) =>
      each.status === 'fulfilled' ? [[names[index] ?? '', each.value] as const] : [],
    );
  }

  #of(server: string): Promise<ServerOffers> {
    const known = this.#known.get(server);
    if (known) return known;
    const asked = this.#hub.offers(server);
    this.#known.set(server, asked);
    asked.catch(() => this.#known.delete(server));
    return asked;
  }
}

const scheme = 'mcp://';

function uriOf(server: string, uri: string): string {
  return `${scheme}${server}/${uri}`;
}

function addressOf(hub: Hub, uri: string): { server: string; own: string } {
  const end = uri.indexOf('/', scheme.length);
  const server = uri.slice(scheme.length, end);
  const isKnown = hub.servers().some(({ name }) => name === server);
  if (!uri.startsWith(scheme) || end < 0 || !isKnown) throw new ResourceNotFoundError(uri);
  return { server, own: uri.slice(end + 1) };
}

function promptOf(hub: Hub, name: string): { server: string; own: string } {
  const found = hub.servers().find((server) => name.startsWith(serverPrefix(server.name)));
  if (!found) throw mcpError('prompt-not-found', `there is no prompt ${name}`);
  return { server: found.name, own: name.slice(serverPrefix(found.name).length) };
}

function optionsOf({ caller, onProgress, signal }: ServedContext) {
  return { caller, signal, onProgress };
}

/** Tools as they are listed, by their descriptor: they are listed with every call. */
const listings = new WeakMap<Tool, Tool>();

/** A tool under its name here. */
function listed(descriptor: Tool, name: string): Tool {
  const known = listings.get(descriptor);
  if (known?.name === name) return known;
  const tool = { ...descriptor, name };
  listings.set(descriptor, tool);
  return tool;
}

/** What a result says of resources leads to them here. */
function addressed(block: ContentBlock, server: string): ContentBlock {
  if (block.type === 'resource_link') return { ...block, uri: uriOf(server, block.uri) };
  if (block.type !== 'resource') return block;
  return { ...block, resource: { ...block.resource, uri: uriOf(server, block.resource.uri) } };
}

function addressedPrompt(result: GetPromptResult, server: string): GetPromptResult {
  const messages = result.messages.map((message) => ({
    ...message,
    content: addressed(message.content, server),
  }));
  return { ...result, messages };
}
