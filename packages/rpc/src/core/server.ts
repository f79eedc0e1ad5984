import { RpcError } from '../rpc-error.ts';
import type { CallHandler, ServerCall } from './call.ts';
import { fencedHandler, type TellUnexpected } from './fenced-handler.ts';
import { invoke, type ServedMethod } from './invocation.ts';
import { Metadata } from './metadata.ts';
import type { MethodInfo, ServiceType } from './method.ts';
import { warn, warnOfHook } from './warn.ts';
import { idleSink } from './watched-call.ts';

export type { CallContext } from './call-context.ts';

export type ServerInterceptor = (next: CallHandler) => CallHandler;

export interface ServerOptions {
  /**
   * The first one sees a call first. What one throws ends the call that it was given: with the
   * RpcError as it is, else as `internal`, of which `onUnexpected` hears.
   */
  readonly interceptors?: readonly ServerInterceptor[];
  /**
   * Told of what handlers and interceptors throw that is no RpcError, of which the caller gets
   * `internal` and no reason, and of answers that their types cannot hold. Nobody else hears of it:
   * give it a log. Default: a warning of the process. `method` is a MethodInfo where it is served.
   */
  readonly onUnexpected?: (error: unknown, method: { readonly path: string }) => void;
}

/** Services behind one handler of calls, to be given to any number of listeners. */
export interface Server {
  readonly handler: CallHandler;
  /** What is served, in the order of `add`. */
  readonly services: readonly ServiceType[];
  /**
   * Serves a service. A method whose handler is missing is `unimplemented`.
   * @throws RpcError already_exists when a service of this name is served.
   */
  add<Handlers>(service: ServiceType<unknown, Handlers>, handlers: Partial<Handlers>): this;
  /** The method of a path, as a transport with JSON needs it. */
  method(path: string): MethodInfo | undefined;
}

/**
 * A server without services yet.
 *
 *     const server = createServer().add(Greeter, { sayHello: ({ name }) => ({ text: `Hello ${name}` }) });
 *     await using listener = await listenUnix({ path: '/run/x.sock', handler: server.handler });
 */
export function createServer(options: ServerOptions = {}): Server {
  return new ServiceTable(options);
}

class ServiceTable implements Server {
  readonly handler: CallHandler;
  readonly services: ServiceType[] = [];
  readonly #served = new Map<string, ServedMethod>();
  readonly #methods = new Map<string, MethodInfo>();
  readonly #tell: TellUnexpected;

  constructor(options: ServerOptions) {
    const { onUnexpected = warnOfFailure } = options;
    this.#tell = (error, { path }) => {
      try {
        onUnexpected(error, this.#methods.get(path) ?? { path });
      } catch (reason) {
        warnOfHook('onUnexpected of a server', reason);
        warnOfFailure(error, { path });
      }
    };
    let handler: CallHandler = (call) => this.#dispatch(call);
    // Each has its own fence, so that those before it see the end of a call that it breaks.
    for (const interceptor of [...(options.interceptors ?? [])].reverse()) {
      handler = fencedHandler(interceptor(handler), this.#tell);
    }
    this.handler = handler;
  }

  add<Handlers>(service: ServiceType<unknown, Handlers>, handlers: Partial<Handlers>): this {
    if (this.services.some((known) => known.typeName === service.typeName)) {
      throw new RpcError('already_exists', `the service ${service.typeName} is served already`);
    }
    this.services.push(service);
    const named = handlers as Record<string, unknown>;
    for (const [name, method] of Object.entries(service.methods)) {
      this.#methods.set(method.path, method);
      const handler = named[name];
      if (typeof handler !== 'function') continue;
      this.#served.set(method.path, {
        method,
        handler: (request, context) => handler.call(handlers, request, context),
        tell: this.#tell,
      });
    }
    return this;
  }

  method(path: string): MethodInfo | undefined {
    return this.#methods.get(path);
  }

  #dispatch(call: ServerCall): void {
    const served = this.#served.get(call.path);
    if (served === undefined) {
      call.sink = idleSink;
      call.sendEnd({ error: this.#unknown(call.path), metadata: Metadata.empty });
      return;
    }
    call.sink = invoke(call, served);
  }

  #unknown(path: string): RpcError {
    if (this.#methods.has(path)) {
      return new RpcError('unimplemented', `${path} is part of the service, but not implemented`);
    }
    const service = path.slice(1, path.lastIndexOf('/'));
    const known = this.services.some((one) => one.typeName === service);
    return new RpcError(
      'unimplemented',
      known
        ? `the service ${service} has no method ${JSON.stringify(path.slice(service.length + 2))}`
        : `no service ${JSON.stringify(service)} is served here`,
    );
  }
}

function warnOfFailure(error: unknown, { path }: { readonly path: string }): void {
  warn('RpcHandler', `the handler of ${path} failed`, error);
}
