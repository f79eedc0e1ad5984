import type { ClientCall, ClientSink, OpenOptions, Transport } from '../../core/call.ts';
import { HeldCall, HoldLimit } from '../../core/held-call.ts';
import type { MethodInfo } from '../../core/method.ts';
import { RpcError } from '../../rpc-error.ts';
import type { ProxySchema } from './proxy-schema.ts';

/** What calls may send, together, while their methods are looked up, in bytes. */
const maxHeldBytes = 16 * 1024 ** 2;

/**
 * A transport for the Connect protocol, which sends unary calls in another way than streams: calls of
 * methods that are not known yet wait until the schema is.
 */
export function awaitMethod(next: Transport, schema: ProxySchema): Transport {
  const limit = new HoldLimit(maxHeldBytes);
  return {
    open(method, options, sink) {
      const known = schema.method(method.path);
      return known === undefined
        ? hold(next, schema, new HeldCall(method, options, sink, limit))
        : next.open(known, options, sink);
    },
    close: () => next.close(),
  };
}

function hold(next: Transport, schema: ProxySchema, call: HeldCall): ClientCall {
  const { path } = call.method;
  void schema.find(path).then((known) => {
    if (known !== undefined) call.begin(withMethod(next, known));
    else {
      const message = `${path} is not known to the proxy, and the Connect protocol has to know whether it is a stream: give its schema with --proto`;
      call.fail(new RpcError('unimplemented', message));
    }
  });
  return call;
}

function withMethod(next: Transport, known: MethodInfo): Transport {
  return {
    open: (_: MethodInfo, options: OpenOptions, sink: ClientSink) =>
      next.open(known, options, sink),
    close: () => next.close(),
  };
}
