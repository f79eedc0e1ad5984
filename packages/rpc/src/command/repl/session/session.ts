import type { JsonValue } from '../../../codec/json-value.ts';
import type { Metadata } from '../../../core/metadata.ts';
import { RpcError } from '../../../rpc-error.ts';
import { closeWithin } from '../../connect.ts';
import { exitCodeOf } from '../../exit-codes.ts';
import type { ServerFlags } from '../../flags.ts';
import { explainedMessage } from '../../format/format-error.ts';
import { parseMetadata } from '../../metadata.ts';
import { printable } from '../../printable.ts';
import type { Schema } from '../../schema/schema.ts';
import { noSchema } from '../../schema/schema.ts';
import { unlessAborted } from '../../wait.ts';
import type { History } from '../editor/history.ts';
import { commandFor } from './commands.ts';
import {
  type Connection,
  openConnection,
  schemaFor,
  shortName,
  withoutTarget,
} from './connection.ts';
import type { ReplCall } from './repl-call.ts';
import { keepInput } from './secrets.ts';
import type { Settings } from './settings.ts';
import type { View } from './view.ts';

export interface SessionOptions {
  readonly view: View;
  readonly flags: ServerFlags;
  readonly history: History;
  readonly settings: Settings;
  /** Something that the prompt shows has changed, or the settings. */
  readonly onChange: () => void;
}

/** Inputs that a session remembers, to be saved. */
const maxInputs = 10_000;

/** What a person, or a file, does with a server: its state, and the inputs that change it. */
export class Session implements AsyncDisposable {
  readonly view: View;
  readonly history: History;
  readonly settings: Settings;
  readonly variables: Map<string, JsonValue> = new Map();
  /** They go with every call. */
  readonly headers: Metadata;
  /** What was said so far, for `save`. */
  readonly inputs: string[] = [];
  connection: Connection | undefined;
  schema: Schema = noSchema;
  /** The stream that is open. */
  call: ReplCall | undefined;
  /** `quit` was said. */
  hasEnded = false;
  /** Of the first input that failed, else 0. */
  exitCode = 0;
  /** Sessions that are replayed within each other. */
  replayDepth = 0;
  /** How often something was interrupted. */
  interrupted = 0;
  readonly #options: SessionOptions;
  #running: AbortController | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.view = options.view;
    this.history = options.history;
    this.settings = options.settings;
    this.headers = parseMetadata(options.flags.header ?? []).clone();
  }

  get flags(): ServerFlags {
    return this.#options.flags;
  }

  /** Aborted when what runs now is to end. */
  get signal(): AbortSignal {
    this.#running ??= new AbortController();
    return this.#running.signal;
  }

  get prompt(): string {
    const { call, connection } = this;
    if (call !== undefined) {
      const { parent, name } = call.method;
      return `${parent.name}/${name} ${call.sent}↑ ${call.received}↓> `;
    }
    return connection === undefined ? 'zrpc> ' : `${shortName(connection.target)}> `;
  }

  /**
   * Does what an input says, and shows what is wrong with it, behind the place where it stands.
   * @returns whether it went well.
   */
  async run(input: string, place = ''): Promise<boolean> {
    const outer = this.#running;
    this.#running = new AbortController();
    try {
      const { command, rest } = commandFor(this, input);
      const failure = await command.run(this, rest);
      if (command.isKept !== false) this.#remember(input);
      if (failure === undefined) return true;
      this.#failed(failure);
      return false;
    } catch (reason) {
      const error = RpcError.from(reason);
      this.#failed(error);
      const isOurs = reason instanceof RpcError;
      const message = isOurs ? explainedMessage(error) : String((reason as Error)?.message);
      this.view.note(this.view.styles.red(place + printable(message, 'lines')));
      return false;
    } finally {
      this.#running = outer;
      this.changed();
    }
  }

  /** Ends what runs now: Ctrl-C. False when nothing runs. */
  interrupt(): boolean {
    if (this.#running === undefined) return false;
    this.interrupted++;
    this.#running.abort(new RpcError('canceled', 'interrupted'));
    return true;
  }

  /** Waits, until it is interrupted. */
  unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    return unlessAborted(this.signal, work);
  }

  changed(): void {
    this.#options.onChange();
  }

  /** Talks to the server that the flags or the command's argument name. @throws RpcError */
  async connectFirst(target: string | undefined): Promise<void> {
    this.connection = await openConnection(target, this.#options.flags);
    await this.reloadSchema();
  }

  /** Talks to another server from now on. @throws RpcError for a text that names none. */
  async connect(target: string): Promise<void> {
    if (this.call !== undefined) {
      throw new RpcError('failed_precondition', 'a call is open: end or cancel it first');
    }
    const connection = await openConnection(target, withoutTarget(this.#options.flags));
    const before = this.connection;
    this.connection = connection;
    await this.reloadSchema();
    if (before !== undefined) await closeWithin(before.transport);
  }

  /** Headers or the server have changed, and so may have what its reflection tells. */
  async reloadSchema(): Promise<void> {
    this.schema = await schemaFor(this.connection, this.#options.flags, this.headers);
  }

  /** @throws RpcError when there is no server. */
  connected(): Connection {
    if (this.connection !== undefined) return this.connection;
    throw new RpcError(
      'failed_precondition',
      'there is no server yet: connect to one, such as connect grpc://localhost:50051',
    );
  }

  /** An answer has come: it is `$_` from now on. */
  answered(json: JsonValue): void {
    this.variables.set('_', json);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.call?.cancel();
    await this.call?.done;
    if (this.connection !== undefined) await closeWithin(this.connection.transport);
  }

  #remember(input: string): void {
    const kept = keepInput(input);
    if (kept !== undefined && this.inputs.length < maxInputs) this.inputs.push(kept);
  }

  #failed(error: RpcError): void {
    if (this.exitCode === 0) this.exitCode = exitCodeOf(error);
  }
}
