import { FrameFault, maxMessageBytes } from './frame.ts';
import type { ZekeMcpServer } from './mcp-server.ts';
import type { McpCaller } from './served.ts';

/** Standard input and output of a process, or what stands for them. */
export interface StandardIo {
  readonly input: ReadableStream<Uint8Array>;
  /** Resolves when it is written. */
  readonly write: (text: string) => Promise<void>;
}

/**
 * Serves the client that started this process, one message a line, until it closes its end, or the
 * signal is aborted.
 */
export async function serveStandardIo(
  server: ZekeMcpServer,
  caller: McpCaller,
  { input, write }: StandardIo,
  signal: AbortSignal,
): Promise<void> {
  const reader = input.getReader();
  const connection = server.connect(caller, {
    write: (text) => write(`${text}\n`),
    close: () => void reader.cancel().catch(() => undefined),
  });
  const leave = () => void connection.close();
  signal.addEventListener('abort', leave, { once: true });
  const lines = new Lines();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const line of lines.push(value)) connection.receive(line);
    }
  } catch (error) {
    if (!(error instanceof FrameFault)) throw error;
    const { code, message } = error;
    await write(`${JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } })}\n`);
  } finally {
    signal.removeEventListener('abort', leave);
    await connection.close();
  }
}

/** Cuts bytes into lines; empty ones count for nothing. */
class Lines {
  readonly #decoder = new TextDecoder();
  #begun: string[] = [];
  #bytes = 0;

  /** Throws a `FrameFault` for a line that has no end in time: nothing after it can be read. */
  push(chunk: Uint8Array): string[] {
    const pieces = this.#decoder.decode(chunk, { stream: true }).split('\n');
    const last = pieces.pop() ?? '';
    const lines: string[] = [];
    for (const piece of pieces) {
      const line = [...this.#begun, piece].join('').trim();
      this.#begun = [];
      this.#bytes = 0;
      if (line !== '') lines.push(line);
    }
    if (last !== '') this.#begun.push(last);
    this.#bytes += last.length;
    if (this.#bytes <= maxMessageBytes) return lines;
    throw new FrameFault(-32_600, `a message has at most ${maxMessageBytes} bytes`);
  }
}
