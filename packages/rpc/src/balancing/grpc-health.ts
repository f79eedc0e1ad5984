import { decodeMessage, encodeMessage } from '../codec/message-bytes.ts';
import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { ClientCall, ClientSink, Trailer, Transport } from '../core/call.ts';
import { type Clock, type Scheduled, wheelClock } from '../core/clock.ts';
import { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import { isReadyTransport } from '../core/ready-transport.ts';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
} from '../gen/grpc/health/v1/health_pb.ts';
import { RpcError } from '../rpc-error.ts';
import type { HealthSource } from './health-source.ts';

export interface GrpcHealthOptions {
  /** Whose health is asked: `package.Service`. Default `''`, the server as a whole. */
  readonly service?: string;
  /** Sent with the question: credentials. */
  readonly metadata?: Metadata;
  /** Between two questions that fail: 1 s to 2 min. */
  readonly backoff?: Backoff;
  readonly clock?: Clock;
  /** Numbers from 0 to below 1. */
  readonly random?: () => number;
}

/**
 * Asks each endpoint for its health, by `grpc.health.v1.Health/Watch` over its own connection, as
 * long as there is one. A server without that service serves; one that fails to tell does not, until
 * it tells again; of one whose connection is lost nothing is known.
 *
 * Source: gRFC A17, but that calls do not wait for the first answer.
 */
export function grpcHealth(options: GrpcHealthOptions = {}): HealthSource {
  return {
    watch(_endpoint, transport, onChange) {
      const watch = new HealthWatch(transport, options, onChange);
      watch.begin();
      return () => watch.stop();
    },
  };
}

const watchMethod: MethodInfo = {
  path: '/grpc.health.v1.Health/Watch',
  name: 'Watch',
  kind: 'server-stream',
  idempotency: 'no-side-effects',
  input: HealthCheckRequest,
  output: HealthCheckResponse,
};

const defaultBackoff: Backoff = { initialMs: 1_000, maxMs: 120_000, multiplier: 1.6, jitter: 0.2 };

/** The health of one endpoint: a question that runs, or a wait for the next one. */
class HealthWatch {
  readonly transport: Transport;
  readonly options: GrpcHealthOptions;
  readonly #clock: Clock;
  readonly #onChange: (isServing: boolean | undefined) => void;
  #stopReadiness: (() => void) | undefined;
  #question: Question | undefined;
  #wait: Scheduled | undefined;
  #failures = 0;
  #isOver = false;

  constructor(
    transport: Transport,
    options: GrpcHealthOptions,
    onChange: (isServing: boolean | undefined) => void,
  ) {
    this.transport = transport;
    this.options = options;
    this.#clock = options.clock ?? wheelClock;
    this.#onChange = onChange;
  }

  begin(): void {
    if (isReadyTransport(this.transport)) {
      this.#stopReadiness = this.transport.onReadiness(() => this.#onReadiness());
    }
    this.#ask();
  }

  stop(): void {
    this.#isOver = true;
    this.#stopReadiness?.();
    this.#wait?.cancel();
    this.#giveUp();
  }

  onAnswer(question: Question, isServing: boolean): void {
    if (question !== this.#question) return;
    this.#failures = 0;
    this.#onChange(isServing);
  }

  onEnd(question: Question, error: RpcError | undefined): void {
    if (question !== this.#question) return;
    this.#question = undefined;
    if (error?.code === 'unimplemented') {
      this.#onChange(true);
      this.stop();
    } else if (this.#isConnected) {
      this.#askLater();
      this.#onChange(false);
    } else {
      this.#failures = 0;
      this.#onChange(undefined);
    }
  }

  /** A new connection is asked anew; a question on the old one would keep that open. */
  #onReadiness(): void {
    if (!this.#isConnected) return;
    this.#giveUp();
    this.#ask();
  }

  /** Asks, where there is a connection and no wait for the next question. */
  #ask(): void {
    if (this.#isOver || this.#wait || !this.#isConnected) return;
    this.#question = new Question(this);
    this.#question.ask();
  }

  #askLater(): void {
    const { backoff = defaultBackoff, random = Math.random } = this.options;
    this.#wait = this.#clock.schedule(backoffMs(backoff, this.#failures++, random), () => {
      this.#wait = undefined;
      this.#ask();
    });
  }

  #giveUp(): void {
    const question = this.#question;
    this.#question = undefined;
    question?.cancel(new RpcError('canceled', 'this health is not asked for any more'));
  }

  get #isConnected(): boolean {
    return !isReadyTransport(this.transport) || this.transport.readiness === 'ready';
  }
}

/** One call of `Watch`. */
class Question implements ClientSink {
  readonly #watch: HealthWatch;
  #call: ClientCall | undefined;

  constructor(watch: HealthWatch) {
    this.#watch = watch;
  }

  ask(): void {
    const { service = '', metadata = Metadata.empty } = this.#watch.options;
    const options = { metadata, deadlineAt: Number.POSITIVE_INFINITY };
    const call = this.#watch.transport.open(watchMethod, options, this);
    this.#call = call;
    call.sendMessage(encodeMessage(HealthCheckRequest, { service }));
    call.sendEnd();
  }

  cancel(error: RpcError): void {
    this.#call?.cancel(error);
  }

  onHeader(): void {}
  onWritable(): void {}

  onMessage(bytes: Uint8Array): void {
    try {
      const { status } = decodeMessage(HealthCheckResponse, bytes);
      this.#watch.onAnswer(this, status === HealthCheckResponse_ServingStatus.SERVING);
    } catch (error) {
      this.cancel(RpcError.from(error));
    }
  }

  onEnd({ error }: Trailer): void {
    this.#watch.onEnd(this, error);
  }
}
