import type { McpScope } from '@zeke/foundation';
import type { Served, ToolCall } from '../server/served.ts';
import type { Guard } from './guard.ts';

/** What a call of a tool of ours can touch. */
export type ScopesOf = (call: ToolCall) => readonly McpScope[] | Promise<readonly McpScope[]>;

/**
 * The same, with every call judged first.
 */
export function guarded(served: Served, guard: Guard, scopesOf: ScopesOf): Served {
  const { prompts, resources, tools } = served;
  return {
    ...served,
    ...(tools ? { tools: guardedTools(tools, guard, scopesOf) } : {}),
    ...(resources
      ? {
          resources: {
            ...resources,
            read: (uri, context) =>
              guard.run(
                {
                  direction: 'in',
                  kind: 'resource',
                  name: uri,
                  arguments: { uri },
                  caller: context.caller,
                  scopes: ['fs.read'],
                },
                context.signal,
                () => resources.read(uri, context),
              ),
          },
        }
      : {}),
    ...(prompts
      ? {
          prompts: {
            ...prompts,
            get: (request, context) =>
              guard.run(
                {
                  direction: 'in',
                  kind: 'prompt',
                  name: request.name,
                  arguments: request.arguments,
                  caller: context.caller,
                  scopes: [],
                },
                context.signal,
                () => prompts.get(request, context),
              ),
          },
        }
      : {}),
  };
}

function guardedTools(
  tools: NonNullable<Served['tools']>,
  guard: Guard,
  scopesOf: ScopesOf,
): NonNullable<Served['tools']> {
  return {
    ...tools,
    call: async (request, context) =>
      await guard.run(
        {
          direction: 'in',
          kind: 'tool',
          name: request.name,
          arguments: request.arguments,
          caller: context.caller,
          scopes: await scopesOf(request),
        },
        context.signal,
        () => tools.call(request, context),
      ),
  };
}
