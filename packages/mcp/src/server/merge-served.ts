import { ResourceNotFoundError } from '@modelcontextprotocol/server';
import { mcpError } from '../mcp-error.ts';
import type { McpCaller, Served } from './served.ts';

/**
 * Several as one, under one endpoint. Lists follow each other; a name is of the first part
 * that lists it, an address of the first that has it.
 */
export function mergeServed(parts: readonly Served[]): Served {
  const tools = parts.flatMap((part) => part.tools ?? []);
  const resources = parts.flatMap((part) => part.resources ?? []);
  const prompts = parts.flatMap((part) => part.prompts ?? []);
  const completers = parts.filter((part) => part.complete);
  return {
    tools: {
      list: async (caller) => unique(await lists(tools, caller), ({ name }) => name),
      call: async (request, context) => {
        const owner = await ownerOf(tools, context.caller, request.name);
        if (!owner) throw mcpError('tool-not-found', `there is no tool ${request.name}`);
        return await owner.call(request, context);
      },
      onChange: (listener) => all(tools.map((each) => each.onChange?.(listener))),
    },
    resources: {
      list: async (caller) => unique(await lists(resources, caller), ({ uri }) => uri),
      templates: async (caller) => {
        const found = await Promise.all(resources.map((each) => each.templates?.(caller) ?? []));
        return found.flat();
      },
      read: (uri, context) =>
        firstThatHas(resources, uri, async (each) => await each.read(uri, context)),
      subscribe: (uri, caller, changed) =>
        firstThatHas(resources, uri, async (each) => {
          if (!each.subscribe) throw new ResourceNotFoundError(uri);
          return await each.subscribe(uri, caller, changed);
        }),
      onChange: (listener) => all(resources.map((each) => each.onChange?.(listener))),
    },
    prompts: {
      list: async (caller) => unique(await lists(prompts, caller), ({ name }) => name),
      get: async (request, context) => {
        const owner = await ownerOf(prompts, context.caller, request.name);
        if (!owner) throw mcpError('prompt-not-found', `there is no prompt ${request.name}`);
        return await owner.get(request, context);
      },
      onChange: (listener) => all(prompts.map((each) => each.onChange?.(listener))),
    },
    complete: async (request, context) => {
      for (const part of completers) {
        const found = await part.complete?.(request, context);
        if (found && found.completion.values.length > 0) return found;
      }
      return { completion: { values: [] } };
    },
  };
}

interface Lister<Item> {
  list(caller: McpCaller): readonly Item[] | Promise<readonly Item[]>;
}

async function lists<Item>(parts: readonly Lister<Item>[], caller: McpCaller): Promise<Item[]> {
  return (await Promise.all(parts.map((part) => part.list(caller)))).flat();
}

/** The first of those with one key. */
function unique<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  const found = new Map<string, Item>();
  for (const item of items) if (!found.has(keyOf(item))) found.set(keyOf(item), item);
  return [...found.values()];
}

async function ownerOf<Part extends Lister<{ readonly name: string }>>(
  parts: readonly Part[],
  caller: McpCaller,
  name: string,
): Promise<Part | undefined> {
  for (const part of parts) {
    if ((await part.list(caller)).some((item) => item.name === name)) return part;
  }
  return undefined;
}

/** Addresses need not be listed to be there: each part is asked, until one has it. */
async function firstThatHas<Part, Result>(
  parts: readonly Part[],
  uri: string,
  use: (part: Part) => Promise<Result>,
): Promise<Result> {
  for (const part of parts) {
    try {
      return await use(part);
    } catch (error) {
      if (!ResourceNotFoundError.isInstance(error)) throw error;
    }
  }
  throw new ResourceNotFoundError(uri);
}

function all(stops: readonly ((() => void) | undefined)[]): () => void {
  return () => {
    for (const stop of stops) stop?.();
  };
}
