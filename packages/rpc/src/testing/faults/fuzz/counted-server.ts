import type { CallHandler } from '../../../core/call.ts';
import { createServer } from '../../../core/server.ts';
import { Notes } from '../../note-service.ts';

const maxListed = 20;

/** The service of the tests behind the edge of the library; it counts handlers, and what they throw. */
export class CountedServer {
  readonly handler: CallHandler;
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
    this.handler = server.handler;
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
