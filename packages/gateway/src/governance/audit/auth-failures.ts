import type { Logger } from '@zeke/foundation';
import type { RpcError } from '@zeke/rpc';
import type { Caller } from '../authenticate.ts';
import { type AuditEvent, actorOf } from './audit-entry.ts';
import type { AuditLog } from './audit-log.ts';

/** After an entry, failures are gathered for so long. */
const gatherMs = 60_000;
/** Keys and addresses that are told apart meanwhile, and of them those that an entry names. */
const maxSources = 1_000;
const maxNamed = 20;

/** A request whose caller was refused before its endpoint saw it. */
export interface AuthFailure {
  requestId: string;
  /** The endpoint's name. */
  endpoint: string;
  address: string | undefined;
  /** Of a good key that lacks the right. */
  caller: Caller | undefined;
  error: RpcError;
}

/**
 * Puts refused callers on the audit log without letting them fill it: the first at once, and what
 * follows within a minute as one entry with the numbers, whoever sends how many. What is gathered is
 * written at the end, too; a process that dies loses it.
 */
export class AuthFailures implements AsyncDisposable {
  readonly #audit: Pick<AuditLog, 'note'>;
  readonly #log: Logger;
  /** By the key's id, or the address where no key is known. */
  readonly #bySource = new Map<string, number>();
  #gathered = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { audit: Pick<AuditLog, 'note'>; log: Logger }) {
    this.#audit = options.audit;
    this.#log = options.log;
  }

  /** Resolves when it is written, cannot be, or waits to be written with others; never rejects. */
  async record(failure: AuthFailure): Promise<void> {
    const { requestId, endpoint, address, caller, error } = failure;
    if (this.#timer !== undefined) {
      this.#gather(caller?.keyId ?? address);
      return;
    }
    this.#wait();
    const detail = { failures: 1, endpoint, error: error.code };
    await this.#write(detail, { ...actorOf(caller), address, requestId });
  }

  /** Writes what is gathered; resolves when it is written, or cannot be. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered === 0) return;
    const most = [...this.#bySource].sort(([, a], [, b]) => b - a).slice(0, maxNamed);
    const sources = most.map(([source, count]) => ({ source, failures: count }));
    const failures = this.#gathered;
    this.#gathered = 0;
    this.#bySource.clear();
    this.#wait();
    await this.#write({ failures, sources });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
  }

  #gather(source: string | undefined): void {
    this.#gathered += 1;
    if (source === undefined) return;
    const known = this.#bySource.get(source);
    if (known === undefined && this.#bySource.size >= maxSources) return;
    this.#bySource.set(source, (known ?? 0) + 1);
  }

  #wait(): void {
    this.#timer = setTimeout(() => void this.flush(), gatherMs);
    this.#timer.unref();
  }

  async #write(
    detail: Readonly<Record<string, unknown>>,
    from: Partial<AuditEvent> = {},
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
      await this.#audit.note(event);
    } catch (err) {
      this.#log.error('refused callers could not be put on the audit log', { err });
    }
  }
}
