import type { CallContext } from '@zeke/rpc';

/** What the handlers of the test service use of their context: other servers can give them that. */
export type HandlerContext = Pick<
  CallContext,
  'metadata' | 'trailer' | 'signal' | 'compress' | 'sendHeader'
>;

/** A handler of any method. */
export type Handler = (request: unknown, context: HandlerContext) => unknown;
