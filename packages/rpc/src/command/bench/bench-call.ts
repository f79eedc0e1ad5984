import type { ClientCall, ClientSink, OpenOptions, Trailer, Transport } from '../../core/call.ts';
import type { MethodInfo } from '../../core/method.ts';
import { Timed, timerWheel } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';
import type { BenchResults } from './bench-results.ts';

/** What all calls of a run have in common. */
export interface BenchPlan {
  readonly method: MethodInfo;
  /** Encoded; sent in turn. */
  readonly requests: readonly Uint8Array[];
  /** How many messages a call sends. */
  readonly messagesPerCall: number;
  /** The next message follows the answer to the last. */
  readonly pingPong: boolean;
  readonly openOptions: Omit<OpenOptions, 'deadlineAt'>;
  /** Of a call, in milliseconds; Infinity for none. */
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** One measured call. Responses are counted, not decoded. */
export class BenchCall extends Timed implements ClientSink {
  /** Set once the call is over; undefined for OK. */
  error: RpcError | undefined;
  readonly #plan: BenchPlan;
  readonly #results: BenchResults | undefined;
  readonly #dueAt: number;
  readonly #onEnd: (call: BenchCall) => void;
  #call: ClientCall | undefined;
  #sent = 0;
  #received = 0;
  #lastSentAt = 0;
  #isOver = false;

  /** `results` undefined: it is not measured. `dueAt` is what its times are counted from. */
  constructor(
    plan: BenchPlan,
    results: BenchResults | undefined,
    dueAt: number,
    onEnd: (call: BenchCall) => void,
  ) {
    super();
    this.#plan = plan;
    this.#results = results;
    this.#dueAt = dueAt;
    this.#onEnd = onEnd;
  }

  begin(transport: Transport): void {
    const { method, openOptions, timeoutMs, now } = this.#plan;
    const begunAt = now();
    this.#results?.lateness.add(begunAt - this.#dueAt);
    const deadlineAt = begunAt + timeoutMs;
    timerWheel.add(this, deadlineAt);
    this.#call = transport.open(method, { ...openOptions, deadlineAt }, this);
    this.#send();
  }

  /** Ends it before its time, as one that was not finished. */
  giveUp(): void {
    if (this.#isOver) return;
    if (this.#results !== undefined) this.#results.unfinished += 1;
    this.#finish();
    this.#call?.cancel(new RpcError('canceled', 'the run is over'));
  }

  override onDue(): void {
    const message = `it did not end within ${this.#plan.timeoutMs} ms`;
    this.#call?.cancel(new RpcError('deadline_exceeded', message));
  }

  onHeader(): void {}

  onMessage(bytes: Uint8Array): void {
    this.#received += 1;
    const { pingPong, method, now } = this.#plan;
    const results = this.#results;
    if (results !== undefined && !this.#isOver) {
      results.messagesReceived += 1;
      results.bytesReceived += bytes.length;
      const isStream = method.kind === 'server-stream' || method.kind === 'bidi-stream';
      if (this.#received === 1 && isStream) results.firstMessage.add(now() - this.#dueAt);
      if (pingPong) results.roundTrip.add(now() - this.#lastSentAt);
    }
    if (pingPong) this.#send();
  }

  onWritable(): void {
    if (!this.#plan.pingPong) this.#send();
  }

  onEnd({ error }: Trailer): void {
    if (this.#isOver) return;
    this.error = error;
    if (error === undefined) {
      if (this.#results !== undefined) this.#results.ok += 1;
    } else this.#results?.failed(error);
    this.#finish();
  }

  #send(): void {
    const { requests, messagesPerCall, pingPong, now } = this.#plan;
    const call = this.#call;
    while (call !== undefined && this.#sent < messagesPerCall) {
      const bytes = requests[this.#sent % requests.length] as Uint8Array;
      this.#sent += 1;
      if (this.#results !== undefined) {
        this.#results.messagesSent += 1;
        this.#results.bytesSent += bytes.length;
      }
      if (pingPong) this.#lastSentAt = now();
      const hasRoom = call.sendMessage(bytes);
      if (this.#sent === messagesPerCall) call.sendEnd();
      if (!hasRoom || pingPong) return;
    }
  }

  #finish(): void {
    this.#isOver = true;
    timerWheel.remove(this);
    this.#results?.latency.add(this.#plan.now() - this.#dueAt);
    this.#onEnd(this);
  }
}
