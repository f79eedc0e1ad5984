/** Longest message that is taken from a server. */
export const maxMessageBytes = 64 * 1024 * 1024;
/** Longest header of a message. */
const maxHeaderBytes = 8 * 1024;
/** How much that is no message a server may write, between two that are, before it is given up. */
const maxGarbageBytes = 256 * 1024;
/** How many in a row that are no JSON object, or whose length was a lie. */
const maxBadMessages = 16;

/** Why a server's output cannot be followed any more. */
export type FrameFault = 'message-too-long' | 'header-too-long' | 'too-much-garbage';

/**
 * Cuts a server's output into messages: headers with a `Content-Length`, an empty line, JSON in UTF-8
 * (Language Server Protocol 3.18, base protocol). What stands before a header, such as a line that a
 * program printed, is left out, and after a length that was a lie the next header is looked for; more than
 * the limits of it is a fault, and so is a length over 64 MiB.
 */
export class FrameParser {
  readonly #onMessage: (message: object) => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Of the body that is being read. */
  #bodyBytes: number | undefined;
  #garbageBytes = 0;
  #badMessages = 0;

  constructor(onMessage: (message: object) => void) {
    this.#onMessage = onMessage;
  }

  /** Takes what came. After a fault nothing more is to be given. */
  push(chunk: Uint8Array): FrameFault | undefined {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#bytes += chunk.byteLength;
    while (true) {
      const step = this.#bodyBytes === undefined ? this.#readHeader() : this.#readBody();
      if (step === 'more') return undefined;
      if (step !== 'on') return step;
    }
  }

  #readHeader(): FrameFault | 'on' | 'more' {
    const buffer = this.#joined();
    const at = indexOfHeader(buffer);
    if (at < 0) {
      // The beginning of a header may be cut off at the end.
      const kept = Math.min(buffer.length, headerName.length - 1);
      return this.#leaveOut(buffer, buffer.length - kept) ?? 'more';
    }
    const fault = this.#leaveOut(buffer, at);
    if (fault !== undefined) return fault;
    const header = this.#joined();
    const end = header.indexOf('\r\n\r\n');
    if (end < 0) return header.length > maxHeaderBytes ? 'header-too-long' : 'more';
    if (end > maxHeaderBytes) return 'header-too-long';
    const length = /^content-length:[ \t]*(\d{1,15})[ \t]*(?:\r\n|$)/i.exec(
      header.toString('latin1', 0, end),
    );
    if (length === null) return this.#leaveOut(header, headerName.length) ?? 'on';
    const bytes = Number(length[1]);
    if (bytes > maxMessageBytes) return 'message-too-long';
    this.#take(header, end + 4);
    this.#bodyBytes = bytes;
    return 'on';
  }

  #readBody(): FrameFault | 'on' | 'more' {
    const length = this.#bodyBytes ?? 0;
    if (this.#bytes < length) return 'more';
    const buffer = this.#joined();
    const body = buffer.toString('utf8', 0, length);
    this.#take(buffer, length);
    this.#bodyBytes = undefined;
    const message = parsed(body);
    if (message === undefined) {
      return ++this.#badMessages > maxBadMessages ? 'too-much-garbage' : 'on';
    }
    this.#badMessages = 0;
    this.#garbageBytes = 0;
    this.#onMessage(message);
    return 'on';
  }

  #leaveOut(buffer: Buffer, bytes: number): FrameFault | undefined {
    this.#take(buffer, bytes);
    this.#garbageBytes += bytes;
    return this.#garbageBytes > maxGarbageBytes ? 'too-much-garbage' : undefined;
  }

  #joined(): Buffer {
    const [only = Buffer.alloc(0)] = this.#chunks;
    if (this.#chunks.length < 2) return only;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #take(buffer: Buffer, bytes: number): void {
    this.#chunks = [buffer.subarray(bytes)];
    this.#bytes = buffer.length - bytes;
  }
}

const headerName = 'content-length:';

function indexOfHeader(buffer: Buffer): number {
  const exact = buffer.indexOf('Content-Length:');
  if (exact === 0) return 0;
  const found = buffer.toString('latin1', 0, exact < 0 ? buffer.length : exact).toLowerCase();
  const other = found.indexOf(headerName);
  return other < 0 ? exact : other;
}

function parsed(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
