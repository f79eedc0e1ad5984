import type { DescMethod } from '@bufbuild/protobuf';
import type { JsonValue } from '../../../codec/json-value.ts';
import type { Metadata } from '../../../core/metadata.ts';
import { RpcError } from '../../../rpc-error.ts';
import { CallTimings } from '../../call-timings.ts';
import { formatMicroseconds } from '../../duration.ts';
import { answersStream, exchange, takesStream } from '../../exchange.ts';
import { formatError, readableError } from '../../format/format-error.ts';
import { formatJson, messageJson } from '../../format/format-message.ts';
import { formatMetadata } from '../../metadata.ts';
import { printable } from '../../printable.ts';
import { methodInfoOf } from '../../schema/find-symbol.ts';
import type { Schema } from '../../schema/schema.ts';
import { highlightJson } from '../language/highlight.ts';
import type { Connection } from './connection.ts';
import { RequestFeed } from './request-feed.ts';
import { formatElapsed, type Settings } from './settings.ts';
import type { View } from './view.ts';

export interface ReplCallOptions {
  readonly connection: Connection;
  readonly schema: Schema;
  readonly method: DescMethod;
  readonly headers: Metadata;
  readonly settings: Settings;
  readonly view: View;
  /** Cancels it. */
  readonly signal: AbortSignal;
  /** Told of each answer, and of its end. */
  readonly onAnswer: (json: JsonValue) => void;
  readonly onChange: () => void;
}

/** A call of a session, which shows what comes. */
export class ReplCall {
  readonly method: DescMethod;
  readonly feed: RequestFeed = new RequestFeed();
  /** Resolves when it has ended and its end is shown, with the status where it is not OK. */
  readonly done: Promise<RpcError | undefined>;
  sent = 0;
  received = 0;
  readonly #options: ReplCallOptions;
  readonly #timings = new CallTimings();
  readonly #beganAt = performance.now();
  readonly #cancel = new AbortController();

  /** `request` is the only one, of a method that takes no stream. */
  constructor(options: ReplCallOptions, request: object | undefined) {
    this.#options = options;
    this.method = options.method;
    this.done = this.#run(request);
  }

  /** Another request. Resolves when there is room for the next. */
  async send(message: object): Promise<void> {
    if (this.feed.isEnded) {
      throw new RpcError('failed_precondition', 'the requests of this call have ended');
    }
    this.sent++;
    this.#options.onChange();
    await this.feed.push(message);
  }

  cancel(): void {
    this.#cancel.abort(new RpcError('canceled', 'interrupted'));
  }

  async #run(request: object | undefined): Promise<RpcError | undefined> {
    const { connection, method, headers, settings, signal, schema } = this.#options;
    this.#timings.begin();
    let failure: RpcError | undefined;
    try {
      const requests =
        request === undefined
          ? ({ kind: 'many', messages: this.feed } as const)
          : ({ kind: 'one', message: request } as const);
      const responses = exchange(connection.transport, method, requests, {
        metadata: headers,
        signal: AbortSignal.any([signal, this.#cancel.signal]),
        ...(settings.timeoutMs === undefined ? {} : { timeoutMs: settings.timeoutMs }),
        onHeader: (metadata) => {
          this.#timings.mark('header');
          this.#showMetadata('header', metadata);
        },
        onTrailer: (metadata) => this.#showMetadata('trailer', metadata),
      });
      for await (const response of responses) await this.#answer(response);
    } catch (reason) {
      failure = RpcError.from(reason);
    }
    this.#timings.mark('total');
    this.feed.end();
    await this.#showEnd(failure, schema);
    return failure;
  }

  async #answer(response: object): Promise<void> {
    const { method, schema, settings, view, onAnswer, onChange } = this.#options;
    this.#timings.mark('first message');
    const elapsedMs = performance.now() - this.#beganAt;
    this.received++;
    const type = methodInfoOf(method).output;
    const json = await messageJson(type, response, { schema, emitDefaults: settings.defaults });
    onAnswer(json);
    const isMany = answersStream(method);
    const isPretty =
      settings.pretty === 'auto' ? view.isInteractive && !isMany : settings.pretty === 'on';
    const text = formatJson(json, isPretty);
    const shown = highlightJson(text, view.styles);
    const head = view.styles.dim(`#${this.received} ${formatElapsed(elapsedMs)}`);
    await view.result(isMany && view.isInteractive ? `${head} ${shown}` : shown);
    onChange();
  }

  #showMetadata(part: string, metadata: Metadata): void {
    const { settings, view } = this.#options;
    if (!settings.metadata) return;
    const lines = metadata.size === 0 ? ['(empty)'] : formatMetadata(metadata);
    view.note(lines.map((line) => view.styles.dim(`${part} ${line}`)).join('\n'));
  }

  async #showEnd(failure: RpcError | undefined, schema: Schema): Promise<void> {
    const { view, settings, method } = this.#options;
    const { styles } = view;
    const ms = performance.now() - this.#beganAt;
    const counts = [
      ...(takesStream(method) ? [`${this.sent} sent`] : []),
      ...(answersStream(method) ? [`${this.received} received`] : []),
      formatMicroseconds(ms * 1_000),
    ].join(' · ');
    if (failure !== undefined) {
      const readable = await readableError(failure, schema);
      const [head = '', ...details] = printable(formatError(readable), 'lines').split('\n');
      const lines = [`${styles.red(head)} ${styles.dim(`· ${counts}`)}`, ...details];
      view.note(lines.join('\n'));
    } else if (view.isInteractive) view.note(styles.dim(`${styles.green('ok')} · ${counts}`));
    if (settings.timings) view.note(styles.dim(this.#timings.text()));
  }
}
