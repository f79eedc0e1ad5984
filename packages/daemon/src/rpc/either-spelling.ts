import { type CallHandler, WatchedServerCall } from '@zeke/rpc';

/**
 * A server interceptor by which methods of `reaper` may begin with a small letter, as older programs
 * call them: `reaper.Chat/send` is `reaper.Chat/Send`.
 */
export function eitherSpelling(next: CallHandler): CallHandler {
  return (call) => {
    const small = /^(\/reaper\.\w+\/)([a-z])(\w*)$/.exec(call.path);
    if (small === null) return next(call);
    const [, service = '', first = '', rest = ''] = small;
    next(new RespelledCall(call, service + first.toUpperCase() + rest));
  };
}

class RespelledCall extends WatchedServerCall {
  readonly #path: string;

  constructor(call: ConstructorParameters<typeof WatchedServerCall>[0], path: string) {
    super(call);
    this.#path = path;
  }

  override get path(): string {
    return this.#path;
  }
}
