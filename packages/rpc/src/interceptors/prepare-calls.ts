import type { ClientCall, ClientSink, OpenOptions, Transport } from '../core/call.ts';
import { FailedCall } from '../core/failed-call.ts';
import { HeldCall, HoldLimit } from '../core/held-call.ts';
import type { MethodInfo } from '../core/method.ts';
import { openFenced } from '../core/open-fenced.ts';
import { ownFault } from '../core/own-fault.ts';
import { markRefused } from '../core/refused.ts';
import type { RpcError } from '../rpc-error.ts';

/**
 * Says how a call is opened, now or later: with these options, or others made of them. What it throws
 * ends the call, which was never sent.
 */
export type PrepareCall = (
  method: MethodInfo,
  options: OpenOptions,
) => OpenOptions | Promise<OpenOptions>;

/**
 * A client interceptor that may take its time before a call is opened: to fetch a token, to sign a
 * request, to look up where it goes. A call that has to wait holds what is sent meanwhile; all
 * together hold at most the default `maxQueuedBytes`, and as many wait as `maxQueuedCalls` says: more
 * are `resource_exhausted`. Deadlines and cancellation end a call that waits.
 *
 *     const signed = prepareCalls(async (method, options) => {
 *       const metadata = options.metadata.clone().set('x-signature', await sign(method.path));
 *       return { ...options, metadata };
 *     })(transport);
 */
export function prepareCalls(prepare: PrepareCall): (next: Transport) => Transport {
  const limit = new HoldLimit();
  return (next) => ({
    open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
      let prepared: OpenOptions | Promise<OpenOptions>;
      try {
        prepared = prepare(method, options);
      } catch (reason) {
        return new FailedCall(sink, unprepared(method, reason));
      }
      if (!(prepared instanceof Promise)) return openFenced(next, method, prepared, sink);
      const call = new HeldCall(method, options, sink, limit);
      prepared.then(
        (ready) => call.begin(next, sink, ready),
        (reason: unknown) => call.fail(unprepared(method, reason)),
      );
      return call;
    },
    close: () => next.close(),
  });
}

function unprepared({ path }: MethodInfo, reason: unknown): RpcError {
  return markRefused(ownFault(`the preparation of ${path}`, reason));
}
