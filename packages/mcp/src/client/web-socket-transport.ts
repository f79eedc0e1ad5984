import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { RpcError } from '@zeke/rpc';
import { maxMessageBytes, messageOf, parseFrame } from '../server/frame.ts';
import { maxUnreadBytes } from './limits.ts';

export interface WebSocketTransportOptions {
  /** `ws:` or `wss:`. */
  readonly url: string;
  /** Asked for with each connection. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
}

/**
 * Messages over a WebSocket with the subprotocol `mcp`, one a text. What is no message is told to
 * `onerror` and ends nothing; a text that is too long does.
 */
export class WebSocketTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  readonly #options: WebSocketTransportOptions;
  #socket: WebSocket | undefined;
  #isClosed = false;

  constructor(options: WebSocketTransportOptions) {
    this.#options = options;
  }

  /** Throws `unavailable` where no connection comes about. */
  async start(): Promise<void> {
    const headers = await this.#options.headers();
    const socket = new WebSocket(this.#options.url, { headers, protocols: ['mcp'] });
    this.#socket = socket;
    const opened = Promise.withResolvers<void>();
    socket.addEventListener('open', () => opened.resolve());
    socket.addEventListener('message', ({ data }) => this.#take(data));
    socket.addEventListener('error', () => this.onerror?.(new Error('the WebSocket failed')));
    socket.addEventListener('close', ({ code, reason }) => {
      const why = reason === '' ? `code ${code}` : reason.slice(0, maxReasonChars);
      opened.reject(new RpcError('unavailable', `the WebSocket was closed: ${why}`));
      this.#end();
    });
    await opened.promise;
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState !== WebSocket.OPEN) {
      throw new RpcError('unavailable', 'the WebSocket is closed');
    }
    if (socket.bufferedAmount > maxUnreadBytes) {
      void this.close();
      throw new RpcError('unavailable', 'the server does not read what it is sent');
    }
    socket.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    // A peer that does not answer the closing would hold the connection open.
    if (socket?.readyState === WebSocket.OPEN) socket.close(1000);
    else socket?.terminate();
    this.#end();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onclose?.();
  }

  #take(data: unknown): void {
    if (this.#isClosed) return;
    let message: JSONRPCMessage;
    try {
      if (typeof data !== 'string') throw new Error('messages are texts');
      if (data.length > maxMessageBytes) throw new RangeError('a message is too long');
      message = messageOf(parseFrame(data));
    } catch (error) {
      this.onerror?.(error as Error);
      if (error instanceof RangeError) void this.close();
      return;
    }
    this.onmessage?.(message);
  }
}

const maxReasonChars = 200;
