import type { ContentPart } from './content-store.ts';

const encoder = new TextEncoder();

/** Follows one request, and tells once what was sent and answered. */
export class KeptExchange {
  readonly #maxBytes: number;
  readonly #tell: (prompt: ContentPart, answer: ContentPart, httpStatus: number) => void;
  #prompt: ContentPart = { text: '', bytes: 0 };

  constructor(
    maxBytes: number,
    tell: (prompt: ContentPart, answer: ContentPart, httpStatus: number) => void,
  ) {
    this.#maxBytes = maxBytes;
    this.#tell = tell;
  }

  /** The body of the request. */
  prompt(body: string | Uint8Array): void {
    const bytes = typeof body === 'string' ? encoder.encode(body) : body;
    const part = new Collected(this.#maxBytes);
    part.add(bytes);
    this.#prompt = part.part;
  }

  /**
   * The answer, as it is to go out: what it holds is told when it has come to its end, or when its
   * caller has left.
   */
  answer(response: Response): Response {
    const { body, headers, status } = response;
    const part = new Collected(this.#maxBytes);
    const end = () => this.#tell(this.#prompt, part.part, status);
    if (!body) {
      end();
      return response;
    }
    return new Response(followed(body, part, end), { status, headers });
  }
}

/** As much of some bytes as is kept. */
class Collected {
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #kept = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    const room = this.#maxBytes - this.#kept;
    if (room <= 0) return;
    // A copy: the sender may use the bytes again.
    this.#chunks.push(chunk.slice(0, room));
    this.#kept += Math.min(room, chunk.length);
  }

  get part(): ContentPart {
    const text = new TextDecoder().decode(Buffer.concat(this.#chunks));
    return { text, bytes: this.#bytes };
  }
}

function followed(
  body: ReadableStream<Uint8Array>,
  part: Collected,
  end: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let isOver = false;
  const over = () => {
    if (isOver) return;
    isOver = true;
    end();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            over();
            controller.close();
            return;
          }
          part.add(value);
          controller.enqueue(value);
        } catch (error) {
          over();
          controller.error(error);
        }
      },
      async cancel(reason) {
        over();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
