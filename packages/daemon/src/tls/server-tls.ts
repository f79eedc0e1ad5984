import type { Logger, Metrics, TlsConfig } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { type ReadTlsResult, readTls, type TlsMaterial } from './read-tls.ts';

/** How often the files are looked at, in milliseconds. */
const lookIntervalMs = 1_000;

export interface ServerTlsOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Usable = Extract<ReadTlsResult, { ok: true }>;

/**
 * What the listener speaks TLS with, and its changes: by another configuration, and by other contents of
 * the same files, which are looked at once a second. What cannot be used changes nothing; its faults
 * are in the log, once.
 */
export class ServerTls implements Disposable {
  readonly #options: ServerTlsOptions;
  #config: TlsConfig;
  #inForce: Usable;
  /** The faults that were told last. */
  #told = '';
  #looking: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;
  #use: (material: TlsMaterial) => void = () => {};

  private constructor(config: TlsConfig, options: ServerTlsOptions, first: Usable) {
    this.#config = config;
    this.#options = options;
    this.#inForce = first;
    options.metrics.observed(
      {
        name: 'tls_certificate_expiry_timestamp_seconds',
        help: "When the listener's certificate expires, in seconds since the epoch",
      },
      () => [[this.#inForce.certificate.expiresAtMs / 1_000]],
    );
    this.#tell(first);
  }

  /** Throws `failed_precondition` with all that is wrong with the files. */
  static async open(config: TlsConfig, options: ServerTlsOptions): Promise<ServerTls> {
    const first = await readTls(config, options.now());
    if (!first.ok) throw unusable(first.faults);
    return new ServerTls(config, options, first);
  }

  get material(): TlsMaterial {
    return this.#inForce.material;
  }

  /** From now on the listener is given what changes, and the files are looked at. */
  follow(use: (material: TlsMaterial) => void): void {
    this.#use = use;
    this.#timer = setInterval(() => void this.look(), lookIntervalMs);
    this.#timer.unref();
  }

  /**
   * Reads what another configuration names. Resolves with what puts it in force; throws
   * `failed_precondition` with all that is wrong, and nothing has changed.
   */
  async prepare(config: TlsConfig): Promise<() => void> {
    const next = await readTls(config, this.#options.now());
    if (!next.ok) throw unusable(next.faults);
    return () => {
      this.#config = config;
      this.#take(next);
    };
  }

  /** Looks whether the files hold something else. Resolves when that is in force, or refused. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const config = this.#config;
    const next = await readTls(config, this.#options.now());
    // Another configuration may have come in the meantime.
    if (config !== this.#config) return;
    if (next.ok) {
      this.#told = '';
      this.#take(next);
      return;
    }
    const told = next.faults.join('\n');
    if (told === this.#told) return;
    this.#told = told;
    const { log } = this.#options;
    log.error('the changed certificates have faults; the old ones stay in force', {
      faults: next.faults,
    });
  }

  #take(next: Usable): void {
    if (Bun.deepEquals(next.material, this.#inForce.material)) return;
    this.#inForce = next;
    this.#use(next.material);
    this.#tell(next);
  }

  #tell({ certificate: { subject, expiresAtMs }, warnings }: Usable): void {
    const { log } = this.#options;
    const expiresAt = new Date(expiresAtMs).toISOString();
    log.info('the certificate is in force', { subject, expiresAt });
    if (warnings.length > 0) log.warn('the certificates are doubtful', { warnings });
  }
}

function unusable(faults: readonly string[]): RpcError {
  return new RpcError('failed_precondition', faults.join('\n  '));
}
