import type { Logger } from '@zeke/foundation';
import type { RpcError } from '@zeke/rpc';
import type { AuditLog } from './audit-log.ts';

/** After an entry, failures are gathered for so long. */
const gatherMs = 60_000;
/** Addresses that are told apart meanwhile, and of them those that an entry names. */
const maxAddresses = 1_000;
const maxNamed = 20;

/** A request whose caller was refused before its endpoint saw it. */
export interface AuthFailure {
  requestId: string;
  /** The endpoint's name. */
  endpoint: string;
  address: string | undefined;
  error: RpcError;
}

/**
 * Puts refused callers on the audit log without letting them fill it: the first at once, and what
 * follows within a minute as one entry with the numbers, whoever sends how many. What is gathered is
 * written at the end, too; a process that dies loses it.
 */
export class AuthFailures implements AsyncDisposable {
  readonly #audit: Pick<AuditLog, 'append'>;
  readonly #log: Logger;
  readonly #byAddress = new Map<string, number>();
  #gathered = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { audit: Pick<AuditLog, 'append'>; log: Logger }) {
    this.#audit = options.audit;
    this.#log = options.log;
  }

  /** Resolves when it is written, cannot be, or waits to be written with others; never rejects. */
  async record(failure: AuthFailure): Promise<void> {
    const { requestId, endpoint, address, error } = failure;
    if (this.#timer !== undefined) {
      this.#gather(address);
      return;
    }
    this.#wait();
    await this.#write({ failures: 1, endpoint, error: error.code }, { address, requestId });
  }

  /** Writes what is gathered; resolves when it is written, or cannot be. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered === 0) return;
    const most = [...this.#byAddress].sort(([, a], [, b]) => b - a).slice(0, maxNamed);
    const addresses = most.map(([address, failures]) => ({ address, failures }));
    const failures = this.#gathered;
    this.#gathered = 0;
    this.#byAddress.clear();
    this.#wait();
    await this.#write({ failures, addresses });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
  }

  #gather(address: string | undefined): void {
    this.#gathered += 1;
    if (address === undefined) return;
    const known = this.#byAddress.get(address);
    if (known === undefined && this.#byAddress.size >= maxAddresses) return;
    this.#byAddress.set(address, (known ?? 0) + 1);
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.flush(), gatherMs);
    this.#timer.unref();
  }

  async #write(
    detail: Readonly<Record<string, unknown>>,
    from: { address?: string | undefined; requestId?: string } = {},
  ): Promise<void> {
    const event = {
      actor: 'unknown',
      action: 'auth.failure',
      objectKind: 'gateway',
      outcome: 'denied',
      detail,
      ...from,
    } as const;
    try {
      await this.#audit.append(event);
    } catch (err) {
      this.#log.error('refused callers could not be put on the audit log', { err });
    }
  }
}
