import type { ChatCall } from './chat-endpoint.ts';
import type { Followers } from './chat-observer.ts';

/** The same call with others who hear its answer. */
export function followedBy(call: ChatCall, { listener, observer }: Followers): ChatCall {
  return {
    ...call,
    ...(listener ? { listener } : {}),
    ...(observer ? { observer } : {}),
    // `decode` is what finds them.
    get notes() {
      return call.notes ?? [];
    },
  };
}
