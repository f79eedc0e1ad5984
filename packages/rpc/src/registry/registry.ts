import { RpcError } from '../rpc-error.ts';

/** What a service or a plugin says of itself. */
export interface Registration {
  /** 1 to 200 letters, digits, `.`, `_`, `-`: `package.Service`, or a plugin's name. */
  readonly name: string;
  /** `1.4.0`: numbers with dots, and what semver allows after them. */
  readonly version: string;
  /** Where clients connect, as `Listener.address` says it. */
  readonly address: string;
  /** What it can do besides what its name says. At most 64. */
  readonly capabilities?: readonly string[];
  /** Anything else, for clients. At most 64 entries. */
  readonly labels?: Readonly<Record<string, string>>;
}

export type InstanceHealth = 'serving' | 'not-serving';

/** A registration that is alive. */
export interface Instance extends Required<Registration> {
  /** Different for each registration. */
  readonly id: string;
  readonly health: InstanceHealth;
}

/** Which instances are wanted. */
export interface InstanceQuery {
  readonly name: string;
  /** `1` takes 1.x.y, `1.4` takes 1.4.x, `1.4.0` that one. Default any. */
  readonly version?: string;
  /** All of these are needed. */
  readonly capabilities?: readonly string[];
}

/** A registration that is kept alive until it is revoked or the process ends. */
export interface Lease extends AsyncDisposable {
  readonly instance: Instance;
  /** An instance that is `not-serving` stays listed, but nobody is sent to it. */
  setHealth(health: InstanceHealth): Promise<void>;
  /** Ends it now, instead of when its time has run out. */
  revoke(): Promise<void>;
}

/** The healthy instances of a query, as they come and go. */
export interface Discovery extends Disposable {
  /** In the order of their ids. */
  readonly current: readonly Instance[];
  /** Calls back after each change; the answer ends that. */
  onChange(listener: (instances: readonly Instance[]) => void): () => void;
}

export interface RegisterOptions {
  /** How long the instance lives without renewal: default 10,000, at least 1,000. */
  readonly ttlMs?: number;
  /** Default `serving`. */
  readonly health?: InstanceHealth;
}

/** Where services and plugins are known by name. */
export interface Registry extends AsyncDisposable {
  /** @throws RpcError invalid_argument, or unavailable when the registry cannot be reached. */
  register(registration: Registration, options?: RegisterOptions): Promise<Lease>;
  /**
   * Resolves when the instances have been read once. Later failures keep what is known.
   * @throws RpcError unavailable when the registry cannot be reached.
   */
  discover(query: InstanceQuery): Promise<Discovery>;
  /** All instances, healthy or not. */
  list(): Promise<readonly Instance[]>;
  /** Revokes the leases, ends the discoveries. */
  close(): Promise<void>;
}

const maxNameLength = 200;
const maxTextLength = 1_000;
const maxEntries = 64;

/**
 * The instance that this value describes, whoever has written it.
 * @throws RpcError invalid_argument that names the field.
 */
export function parseInstance(value: unknown): Instance {
  const fields = recordOf(value, 'the instance');
  const { id, name, version, address, health, capabilities = [], labels = {} } = fields;
  if (health !== 'serving' && health !== 'not-serving') {
    throw invalid('health', 'is neither "serving" nor "not-serving"');
  }
  return {
    id: wordOf(id, 'id'),
    name: wordOf(name, 'name'),
    version: versionOf(version),
    address: textOf(address, 'address'),
    capabilities: textsOf(capabilities),
    labels: labelsOf(labels),
    health,
  };
}

/** Whether the instance is one of those asked for; its health does not matter here. */
export function matches(instance: Instance, query: InstanceQuery): boolean {
  const { name, version, capabilities = [] } = query;
  if (instance.name !== name) return false;
  if (version !== undefined && !isVersionOf(instance.version, version)) return false;
  return capabilities.every((capability) => instance.capabilities.includes(capability));
}

function isVersionOf(version: string, wanted: string): boolean {
  if (!version.startsWith(wanted)) return false;
  const next = version.charAt(wanted.length);
  return next === '' || next === '.' || next === '-' || next === '+';
}

function wordOf(value: unknown, field: string): string {
  const text = textOf(value, field);
  if (text.length <= maxNameLength && /^[\w.-]+$/.test(text)) return text;
  throw invalid(field, `is not 1 to ${maxNameLength} letters, digits, ".", "_" and "-"`);
}

function versionOf(value: unknown): string {
  const text = textOf(value, 'version');
  if (text.length <= maxNameLength && /^\d+(\.\d+)*([-+][\w.+-]+)?$/.test(text)) return text;
  throw invalid('version', 'is no version such as 1.4.0');
}

function textOf(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '' || value.length > maxTextLength) {
    throw invalid(field, `is no text of 1 to ${maxTextLength} characters`);
  }
  return value;
}

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > maxEntries) {
    throw invalid('capabilities', `are no list of at most ${maxEntries}`);
  }
  return value.map((item) => textOf(item, 'capabilities'));
}

function labelsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(recordOf(value, 'labels'));
  if (entries.length > maxEntries) throw invalid('labels', `are more than ${maxEntries}`);
  return Object.fromEntries(entries.map(([name, text]) => [name, textOf(text, 'labels')]));
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid(what, 'is no object');
}

function invalid(field: string, fault: string): RpcError {
  return new RpcError('invalid_argument', `registry: ${field} ${fault}`);
}
