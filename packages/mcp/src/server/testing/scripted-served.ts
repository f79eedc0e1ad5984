import { inputRequired, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { mcpError } from '../../mcp-error.ts';
import type { Served, ServedContext } from '../served.ts';

/** What a test serves, and what it heard of the calls. */
export interface ScriptedServed {
  readonly served: Served;
  /** How many watch a resource. */
  readonly watchers: (uri: string) => number;
  /** Tells all who watch it. */
  readonly change: (uri: string) => void;
  readonly changeTools: () => void;
  /** Contexts of the calls of `wait`, which go on until they are aborted. */
  readonly waiting: ServedContext[];
  /** Resolves when so many calls of `wait` are under way. */
  readonly waits: (count: number) => Promise<void>;
}

/** Tools that echo, count, wait and ask; resources that can be watched. */
export function scriptedServed(): ScriptedServed {
  const waiting: ServedContext[] = [];
  const listeners = new Set<() => void>();
  const watchers = new Map<string, Set<() => void>>();
  const awaited: { count: number; resolve: () => void }[] = [];
  const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });
  const tools: Record<string, (args: Record<string, unknown>, context: ServedContext) => unknown> =
    {
      echo: (args, { caller }) =>
        text(JSON.stringify({ args, caller: caller.id, client: caller.client })),
      count: (_args, { onProgress }) => {
        for (const progress of [1, 2, 3]) onProgress({ progress, total: 3 });
        return text('counted');
      },
      wait: (_args, context) => {
        waiting.push(context);
        for (const each of awaited) if (waiting.length >= each.count) each.resolve();
        return new Promise((_resolve, reject) => {
          context.signal.addEventListener('abort', () => reject(new Error('aborted')), {
            once: true,
          });
        });
      },
      ask: async (_args, { ask }) => {
        const first = await ask({ name: question('Who are you?', 'name') });
        const second = await ask({ color: question('Which color?', 'color') });
        return text(JSON.stringify([first.name, second.color]));
      },
      fail: () => {
        throw new Error('a secret of the inside');
      },
    };
  return {
    waiting,
    waits: (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (waiting.length >= count) resolve();
      awaited.push({ count, resolve });
      return promise;
    },
    watchers: (uri) => watchers.get(uri)?.size ?? 0,
    change: (uri) => {
      for (const changed of watchers.get(uri) ?? []) changed();
    },
    changeTools: () => {
      for (const listener of listeners) listener();
    },
    served: {
      tools: {
        list: () =>
          Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' as const } })),
        call: async ({ arguments: args, name }, context) => {
          const tool = tools[name];
          if (!tool) throw mcpError('tool-not-found', `there is no tool ${name}`);
          return (await tool(args, context)) as never;
        },
        onChange: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      resources: {
        list: () =>
          Array.from({ length: 600 }, (_, index) => ({ uri: `test://${index}`, name: 'x' })),
        read: async (uri) => {
          if (!/^test:\/\/\d+$/.test(uri)) throw new ResourceNotFoundError(uri);
          return { contents: [{ uri, text: 'it' }] };
        },
        subscribe: async (uri, _caller, changed) => {
          if (!/^test:\/\/\d+$/.test(uri)) throw new ResourceNotFoundError(uri);
          const own = watchers.get(uri) ?? new Set();
          watchers.set(uri, own.add(changed));
          return () => own.delete(changed);
        },
      },
    },
  };
}

function question(message: string, field: string) {
  return inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } } },
  });
}
