import type { CallOptions } from '../../core/client.ts';
import { RpcError } from '../../rpc-error.ts';
import type { Note, NotesClient } from '../note-service.ts';
import { hold } from './fault-service.ts';

type HeldKind = 'unary' | 'server-stream' | 'client-stream' | 'bidi-stream';

export interface HeldEnd {
  readonly kind: HeldKind;
  /** `ok` for a call that ended well; `thrown` for what is no RpcError. */
  readonly code: string;
  readonly message: string;
}

/** How many calls `holdCalls` opens. */
export const heldCount = 4;

/** Of messages each way, before the fault. */
const messagesBefore = 3;

/**
 * Opens one call of each kind and brings those that stream into their middle; none ends by itself.
 * Resolves when messages have come on each that answers. `onEnd` is told of each call's end, once.
 */
export async function holdCalls(
  client: NotesClient,
  options: CallOptions,
  onEnd: (end: HeldEnd) => void,
): Promise<void> {
  const listing = Promise.withResolvers<void>();
  const chatting = Promise.withResolvers<void>();
  const watch = (kind: HeldKind, call: Promise<unknown>): void => {
    call.then(
      () => onEnd({ kind, code: 'ok', message: '' }),
      (error: unknown) => onEnd({ kind, ...described(error) }),
    );
  };
  watch('unary', client.echo({ text: hold }, options));
  watch('client-stream', client.collect(unfinished(), options));
  watch(
    'server-stream',
    read(client.list({ number: messagesBefore, text: hold }, options), listing),
  );
  watch('bidi-stream', read(client.chat(unfinished(), options), chatting));
  await Promise.all([listing.promise, chatting.promise]);
}

async function read(notes: AsyncIterable<Note>, begun: PromiseWithResolvers<void>): Promise<void> {
  let count = 0;
  try {
    for await (const _ of notes) if (++count === messagesBefore) begun.resolve();
  } catch (error) {
    begun.reject(error);
    throw error;
  }
}

async function* unfinished(): AsyncGenerator<{ number: number }> {
  for (let number = 0; number < messagesBefore; number++) yield { number };
  await new Promise<never>(() => {});
}

/** An error, as a line of JSON can carry it. */
export function described(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof RpcError) return { code: error.code, message: error.message };
  return { code: 'thrown', message: String(error) };
}
