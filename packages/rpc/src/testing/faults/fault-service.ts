import { type CallContext, createServer, type Server } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { type Note, Notes } from '../note-service.ts';

/** What a request says to a handler that is to stay where it is until its call ends. */
export const hold = 'hold';
/** The first message of a `collect` or `chat` whose handler reads nothing more. */
const stopReading = 'stop reading';

/** What a request says that is to be refused: by `echo` at once, by `list` after its messages. */
export const fail = 'fail';

/** What the handlers of a server are doing. */
interface FaultCounts {
  /** Handlers that run. */
  running: number;
  /** Handlers that have ended, however. */
  ended: number;
  /** Of those, how many found their call cancelled, or the connection broken. */
  cancelled: number;
}

export interface FaultService {
  readonly server: Server;
  readonly counts: FaultCounts;
  /** Called whenever `counts` have changed. */
  onChange: () => void;
}

/**
 * The service that calls break at: `echo` answers, `list` counts up to `number` (0: without end) with
 * the request's payload in each, `collect` counts what comes, `chat` sends back each message.
 */
export function faultService(): FaultService {
  const counts: FaultCounts = { running: 0, ended: 0, cancelled: 0 };
  const service = {
    counts,
    onChange: () => {},
    server: createServer(),
  };
  const begin = (): void => {
    counts.running++;
    service.onChange();
  };
  const end = ({ signal }: CallContext): void => {
    counts.running--;
    counts.ended++;
    if (signal.aborted) counts.cancelled++;
    service.onChange();
  };
  service.server.add(Notes, {
    async echo(note, context) {
      if (note.text === fail) throw refusal();
      if (note.text !== hold) return note;
      begin();
      await aborted(context.signal).finally(() => end(context));
      return note;
    },
    async *list({ number, payload, text }, context) {
      begin();
      try {
        for (let i = 0; number === 0 || i < number; i++) yield { number: i, payload };
        if (text === hold) await aborted(context.signal);
        if (text === fail) throw refusal();
      } finally {
        end(context);
      }
    },
    async collect(notes, context) {
      begin();
      try {
        let number = 0;
        for await (const { text } of notes) {
          number++;
          if (text === stopReading) await aborted(context.signal);
        }
        return { number };
      } finally {
        end(context);
      }
    },
    async *chat(notes, context) {
      begin();
      try {
        yield* answers(notes, context.signal);
      } finally {
        end(context);
      }
    },
  });
  return service;
}

function refusal(): RpcError {
  return new RpcError('not_found', 'this request is to be refused');
}

async function* answers(notes: AsyncIterable<Note>, signal: AbortSignal): AsyncGenerator<Note> {
  for await (const note of notes) {
    yield note;
    if (note.text === stopReading) await aborted(signal);
  }
}

/** Rejects when the call has ended from outside. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
