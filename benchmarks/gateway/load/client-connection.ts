import type { Socket } from 'bun';
import { sharedNowMs } from '../shared-clock.ts';
import { AnswerCheck, type ExpectedAnswer } from './expected-answer.ts';
import { type KnownBody, ResponseReader } from './response-reader.ts';

/** What a connection tells of its request, with times of `performance.now()`. */
export interface RequestTimes {
  sentAt: number;
  firstTokenAt: number;
  endedAt: number;
  /** When the client left, on the clock that processes share; 0 when it stayed. */
  leftAtMs: number;
}

export interface ConnectionOptions {
  port: number;
  expected: ExpectedAnswer;
  leaveAfter?: number;
  onAnswer: (connection: ClientConnection, times: RequestTimes) => void;
  /** Between two records of a stream, in milliseconds. */
  onGap: (ms: number) => void;
  /** A wrong byte, a lost connection, no connection. */
  onFault: (error: Error) => void;
}

/** One keep-alive connection with at most one request under way. Every byte of answers is checked. */
export class ClientConnection {
  readonly #options: ConnectionOptions;
  readonly #check: AnswerCheck;
  readonly #reader: ResponseReader;
  readonly #times: RequestTimes = {
    sentAt: 0,
    firstTokenAt: 0,
    endedAt: 0,
    leftAtMs: 0,
  };
  #socket: Socket<undefined> | undefined;
  #known: KnownBody | undefined;
  #busy = false;
  #request: Buffer = Buffer.alloc(0);
  #unsent: Buffer | undefined;
  #records = 0;
  #recordAt = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#check = new AnswerCheck(options.expected);
    this.#reader = new ResponseReader(
      (bytes, from, to) => this.#check.push(bytes, from, to),
      () => this.#check.pushKnown(),
    );
  }

  /** Sends a request, over a new connection where there is none. */
  send(request: Buffer): void {
    this.#busy = true;
    this.#request = request;
    this.#reader.reset();
    this.#check.reset();
    this.#records = 0;
    this.#times.firstTokenAt = 0;
    this.#times.leftAtMs = 0;
    this.#times.sentAt = performance.now();
    if (this.#socket) this.#write(request);
    else this.#connect();
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#busy = false;
    socket?.terminate();
  }

  #connect(): void {
    const lost = (socket: Socket<undefined> | undefined, error: Error) => {
      if (socket !== this.#socket) return;
      this.#socket = undefined;
      if (this.#busy) this.#options.onFault(error);
    };
    Bun.connect<undefined>({
      hostname: '127.0.0.1',
      port: this.#options.port,
      socket: {
        open: (socket) => {
          socket.setNoDelay(true);
          this.#socket = socket;
          this.#write(this.#request);
        },
        data: (socket, bytes) => {
          if (socket === this.#socket) this.#receive(bytes);
        },
        drain: () => {
          const unsent = this.#unsent;
          this.#unsent = undefined;
          if (unsent) this.#write(unsent);
        },
        close: (socket) => lost(socket, new Error('the connection was closed')),
        error: (socket, error) => lost(socket, error),
        connectError: (_, error) => lost(undefined, error),
      },
    }).catch((error: Error) => lost(undefined, error));
  }

  #write(bytes: Buffer): void {
    const sent = Math.max(0, this.#socket?.write(bytes) ?? 0);
    if (sent < bytes.length) this.#unsent = bytes.subarray(sent);
  }

  #receive(bytes: Buffer): void {
    if (!this.#busy) return;
    try {
      this.#reader.push(bytes, this.#known);
      const now = performance.now();
      this.#noteRecords(now);
      if (this.#records >= (this.#options.leaveAfter ?? Number.POSITIVE_INFINITY)) {
        this.#times.leftAtMs = sharedNowMs();
        this.close();
        this.#answered(now);
      } else if (this.#reader.done) {
        this.#check.end(this.#reader.status);
        const { framedBody } = this.#reader;
        if (!this.#known && framedBody) this.#known = { framed: Buffer.from(framedBody) };
        this.#answered(now);
      }
    } catch (error) {
      this.close();
      this.#options.onFault(error as Error);
    }
  }

  /** Records that come together have no gap between them. */
  #noteRecords(now: number): void {
    const { records } = this.#check;
    if (records === this.#records) return;
    if (this.#records === 0) this.#times.firstTokenAt = now;
    else this.#options.onGap(now - this.#recordAt);
    for (let more = records - this.#records - 1; more > 0; more--) this.#options.onGap(0);
    this.#records = records;
    this.#recordAt = now;
  }

  #answered(now: number): void {
    this.#busy = false;
    this.#times.endedAt = now;
    this.#options.onAnswer(this, this.#times);
  }
}
