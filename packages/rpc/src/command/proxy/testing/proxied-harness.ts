import type { MethodInfo } from '../../../core/method.ts';
import type { ContractHarness } from '../../../testing/contract/contract-bench.ts';
import { Notes } from '../../../testing/note-service.ts';
import { noSchema } from '../../schema/schema.ts';
import { forwardCalls } from '../forward-calls.ts';
import { ProxySchema } from '../proxy-schema.ts';

/** By path. */
export const notes: ReadonlyMap<string, MethodInfo> = new Map(
  Object.values(Notes.methods).map((method) => [method.path, method]),
);
const nothing = new ProxySchema(noSchema);

/** A connection with a proxy in its middle, which has to do all that a connection without one does. */
const notPassedOn = ['callback', 'listener', 'compression-choice'] as const;

export function proxied(front: ContractHarness, back: ContractHarness): ContractHarness {
  return {
    name: `${front.name} to ${back.name}`,
    lacks: [...(front.lacks ?? []), ...(back.lacks ?? []), ...notPassedOn],
    async connect({ handler, limits = {} }) {
      const onward = await back.connect({ handler, limits });
      const connection = await front.connect({
        handler: forwardCalls(
          onward.transport,
          // Connect has to know whether a method is a stream, the others need not.
          (path) => (back.name === 'connect' && notes.get(path)) || nothing.anyMethod(path),
        ),
        limits,
      });
      return {
        transport: connection.transport,
        async close() {
          await connection.close();
          await onward.close();
        },
      };
    },
  };
}
