import type { FetchLike } from '@modelcontextprotocol/client';
import { RpcError } from '@zeke/rpc';
import { maxMessageBytes } from '../server/frame.ts';

const newline = 10;

/**
 * A fetch whose answers end with `resource_exhausted` where they are longer than a message may be: as a whole,
 * or, in a stream of events, one line of it.
 */
export function boundedFetch(fetch: FetchLike): FetchLike {
  return async (url, init) => {
    const answer = await fetch(url, init);
    const { body, headers, status, statusText } = answer;
    if (body === null) return answer;
    const isStream = headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    const bounded = body.pipeThrough(new TransformStream(isStream ? lineBound() : wholeBound()));
    return new Response(bounded, { headers, status, statusText });
  };
}

function wholeBound(): Transformer<Uint8Array, Uint8Array> {
  let bytes = 0;
  return {
    transform(chunk, controller) {
      bytes += chunk.length;
      pass(chunk, bytes, controller);
    },
  };
}

function lineBound(): Transformer<Uint8Array, Uint8Array> {
  let bytes = 0;
  return {
    transform(chunk, controller) {
      const first = chunk.indexOf(newline);
      pass(chunk, bytes + (first < 0 ? chunk.length : first), controller);
      bytes = first < 0 ? bytes + chunk.length : chunk.length - chunk.lastIndexOf(newline) - 1;
    },
  };
}

function pass(
  chunk: Uint8Array,
  bytes: number,
  controller: TransformStreamDefaultController<Uint8Array>,
): void {
  if (bytes <= maxMessageBytes) controller.enqueue(chunk);
  else {
    const message = `the server sent a message of more than ${maxMessageBytes} bytes`;
    controller.error(new RpcError('resource_exhausted', message));
  }
}
