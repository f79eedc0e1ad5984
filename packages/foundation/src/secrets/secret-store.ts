import type { MasterKeyPlace } from './master-key.ts';
import type { SecretFacts } from './sealed-secret.ts';
import type { Secret } from './secret.ts';

/**
 * Named secrets of this user, sealed in `$ZEKE_HOME/secrets.json`. Names are 1 to 200 letters,
 * digits, ".", "_", "-" and "/", a letter or digit first; others throw `invalid_argument`.
 *
 * All throw `data_loss` where the file is damaged, and `failed_precondition` where it cannot be
 * read or the master key is missing or another; writers `unavailable` where another process writes
 * for over ten seconds. What fails changes nothing.
 */
export interface SecretStore {
  get(name: string): Promise<Secret | undefined>;
  /** A value of 1 to 65,536 bytes, as the next version. */
  set(name: string, value: Secret): Promise<SecretFacts>;
  /** Needs no master key. False when there was none. */
  delete(name: string): Promise<boolean>;
  /** In order of the names. Needs no master key. */
  list(): Promise<SecretFacts[]>;
  /** Puts a new master key in the place of the old one; values stay as they are. */
  rotate(): Promise<Rotation>;
}

export interface Rotation {
  /** Of the new master key. */
  readonly id: string;
  readonly place: MasterKeyPlace;
  /** How many secrets it opens. */
  readonly secrets: number;
}
