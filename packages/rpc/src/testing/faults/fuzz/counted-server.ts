import type { CallHandler } from '../../../core/call.ts';
import type { MethodInfo } from '../../../core/method.ts';
import { createServer } from '../../../core/server.ts';
import { Talk } from '../../../transports/fetch/testing/talk-service.ts';
import { Notes } from '../../note-service.ts';

const maxListed = 20;

/** The services of the tests behind the edge of the library; it counts handlers, and what they throw. */
export class CountedServer {
  readonly handler: CallHandler;
  readonly methods: (path: string) => MethodInfo | undefined;
  #running = 0;
  #fault: unknown;

  constructor() {
    const counted = this;
    const server = createServer({
      onUnexpected(error) {
        counted.#fault ??= error;
      },
    });
    server.add(Notes, {
      echo: (note) => note,
      async *list({ number, payload }) {
        using _ = counted.#run();
        for (let i = 0; i < Math.min(number, maxListed); i++) yield { number: i, payload };
      },
      async collect(notes) {
        using _ = counted.#run();
        let number = 0;
        for await (const _note of notes) number++;
        return { number };
      },
      async *chat(notes) {
        using _ = counted.#run();
        yield* notes;
      },
    });
    server.add(Talk, {
      say: (word) => word,
      look: (word) => word,
      async *count({ count, text }) {
        using _ = counted.#run();
        for (let i = 0n; i < count && i < maxListed; i++) yield { count: i, text };
      },
      async sum(words) {
        using _ = counted.#run();
        let count = 0n;
        for await (const _word of words) count++;
        return { count };
      },
      async *chat(words) {
        using _ = counted.#run();
        yield* words;
      },
    });
    this.handler = server.handler;
    this.methods = (path) => server.method(path);
  }

  /** @throws Error for a handler that runs although no call is open, and what none should throw. */
  check(): void {
    if (this.#fault !== undefined) throw new Error('a handler threw', { cause: this.#fault });
    if (this.#running !== 0) throw new Error(`${this.#running} handlers run without a call`);
  }

  #run(): Disposable {
    this.#running++;
    return {
      [Symbol.dispose]: () => {
        this.#running--;
      },
    };
  }
}
