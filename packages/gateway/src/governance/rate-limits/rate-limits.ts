import type { LimitsConfig, LimitTierConfig, Logger, Metrics } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Replicas } from '../../replicas/replicas.ts';
import type { Caller } from '../authenticate.ts';
import { type Admission, type AdmissionOptions, LocalAdmission } from './admission.ts';
import { AuthThrottle } from './auth-throttle.ts';
import { ClientAddresses, type PeerAddress } from './client-address.ts';
import { HeldClock } from './held-clock.ts';
import { refusalCounter } from './refusals.ts';
import { SharedAdmission } from './shared-admission.ts';
import { SharedLimits } from './shared-limits.ts';
import {
  readSubjectName,
  type Subject,
  type SubjectKind,
  type SubjectName,
  subjectKey,
  subjectOf,
} from './subject.ts';
import { SubjectGroup } from './subject-group.ts';
import { type Costs, leftHere, type SubjectLeft } from './subjects-left.ts';
import { type RateName, TierLimiters } from './tier-limiters.ts';

/** The part of the configuration that rate limits go by. */
export interface RateLimitSettings extends LimitsConfig {
  readonly trustedProxies: readonly string[];
}

export interface RateLimitsOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds on a clock that no setting of the time moves. */
  readonly monotonicMs: () => number;
  /** Those that share the counts; absent: this process has its own. */
  readonly replicas?: Replicas | undefined;
}

/** Nobody is limited, but for failures of authentication. */
export const defaultRateLimitSettings: RateLimitSettings = {
  enabled: false,
  defaultTier: 'unlimited',
  authFailuresPerMinute: 20,
  tiers: { unlimited: {} },
  owners: {},
  users: {},
  teams: {},
  models: {},
  trustedProxies: [],
};

/** Of what a reset has given something back. */
export type FreedLimit = RateName | 'auth_failures';

const cleanupEveryMs = 1_000;
/** Of each kind; more begin anew, which costs time only. */
const maxKnownSubjects = 10_000;
/** Of subjects that count together; more begin anew. */
const maxKnownGroups = 20_000;

/**
 * The limits of this process. Keys, owners, users, teams, models and addresses each have their counts;
 * a request counts for all that it concerns. Another configuration leaves the counts of rates that
 * it does not change.
 */
export class RateLimits implements Disposable {
  readonly throttle: AuthThrottle;
  readonly #options: RateLimitsOptions;
  #settings: RateLimitSettings = defaultRateLimitSettings;
  #named = namedOf(defaultRateLimitSettings);
  #addresses = new ClientAddresses([]);
  /** By tier; addresses apart from all else, since anybody may come with many of them. */
  #limiters = new Map<string, TierLimiters>();
  /** Made before, by id: a new text would have to be put together and hashed for each request. */
  readonly #subjects = new Map<SubjectKind, Map<string, Subject>>();
  readonly #clock: HeldClock;
  #nobody = this.#emptyGroup();
  readonly #admitting: AdmissionOptions;
  readonly #unknownTiers = new Set<string>();
  readonly #shared: SharedLimits | undefined;
  #parts = 1;
  #cleaning: ReturnType<typeof setInterval> | undefined;

  constructor(options: RateLimitsOptions) {
    this.#options = options;
    this.#clock = new HeldClock(options.monotonicMs);
    this.#admitting = {
      modelSubject: this.#modelSubject,
      refused: refusalCounter(options.metrics),
      clock: this.#clock,
    };
    this.throttle = new AuthThrottle(options);
    this.#shared = options.replicas && new SharedLimits(options.replicas);
    options.replicas?.onAnnounced('limits', (detail) => {
      const subject = readSubjectName(detail);
      if (subject) this.#resetHere(subject);
    });
  }

  get isOn(): boolean {
    return this.#settings.enabled;
  }

  /** The names of all tiers. */
  get tierNames(): readonly string[] {
    return [...this.#named.tiers.keys()];
  }

  configure(settings: RateLimitSettings): void {
    this.#settings = settings;
    this.#named = namedOf(settings);
    this.#addresses = new ClientAddresses(settings.trustedProxies);
    this.throttle.configure(settings.authFailuresPerMinute);
    for (const [place, limiters] of this.#limiters) {
      const tier = this.#named.tiers.get(limiters.name);
      if (settings.enabled && tier) this.#limiters.set(place, this.#after(limiters, tier));
      else this.#limiters.delete(place);
    }
    this.#unknownTiers.clear();
    this.#forgetSubjects();
    if (settings.enabled) {
      this.#cleaning ??= setInterval(() => this.cleanup(), cleanupEveryMs);
      this.#cleaning.unref();
    } else this[Symbol.dispose]();
  }

  /** Where a request is from, as limits count it. */
  addressOf(request: Request, peer: PeerAddress | undefined): string | undefined {
    return peer && this.#addresses.of(request, peer);
  }

  /** A request of this caller, before it has taken anything. */
  admission(caller: Caller, request: Request, peer: PeerAddress | undefined): Admission {
    const group = this.#groupOf(caller, request, peer);
    const shared = this.#shared;
    return shared
      ? new SharedAdmission({ ...this.#admitting, group, shared })
      : new LocalAdmission(group, this.#admitting);
  }

  /** All that the requests of a caller count for, but for models. */
  subjectsOf(caller: Caller, request: Request, peer: PeerAddress | undefined): readonly Subject[] {
    return this.#groupOf(caller, request, peer).subjects;
  }

  #groupOf(caller: Caller, request: Request, peer: PeerAddress | undefined): SubjectGroup {
    if (this.#shared) this.#shareBy(this.#shared.parts);
    const { users, teams, owners } = this.#named;
    const { keyId, owner, teamId, userId } = caller;
    let group = this.#nobody;
    if (keyId !== undefined) {
      group = group.with(this.#subject('key', keyId, this.#tierOfKey(caller)));
    }
    group = this.#withNamed(group, 'user', userId, users);
    group = this.#withNamed(group, 'team', teamId, teams);
    group = this.#withNamed(group, 'owner', owner, owners);
    const tier = this.#tierOfAddress(caller);
    const address = tier === undefined ? undefined : this.addressOf(request, peer);
    if (tier === undefined || address === undefined) return group;
    return group.with(this.#subject('address', address, tier));
  }

  /** What is left to subjects now, and whether so much may be taken; asking takes nothing. */
  async leftTo(
    subjects: readonly Subject[],
    costs: Costs = { requests: 0, tokens: 0 },
  ): Promise<readonly SubjectLeft[]> {
    const shared = await this.#shared?.leftTo(subjects, costs);
    return shared ?? subjects.map((subject) => leftHere(subject, costs));
  }

  /** What the requests to a model count for beside; undefined where it is not limited. */
  subjectOfModel(provider: string, model: string): Subject | undefined {
    return this.#modelSubject(provider, model);
  }

  /**
   * Gives a subject all its requests and tokens, and forgets the wrong keys of an address: here, where
   * replicas share with all of them. Tells what of this was lacking. Places are given back by the
   * requests that hold them alone. Rejects with `unavailable` where Redis does not answer.
   */
  async reset(subject: SubjectName): Promise<FreedLimit[]> {
    const freed = new Set(this.#resetHere(subject));
    const key = subjectKey(subject.kind, subject.id);
    const shared = await this.#shared?.reset(key, this.#named.tiers.values()).catch(redisIsLost);
    for (const name of shared ?? []) freed.add(name);
    this.#options.replicas?.announce('limits', subject);
    return [...freed];
  }

  #resetHere({ id, kind }: SubjectName): FreedLimit[] {
    const key = subjectKey(kind, id);
    const freed: FreedLimit[] = [];
    for (const limiters of this.#limiters.values()) freed.push(...limiters.reset(key));
    if (kind === 'address' && this.throttle.reset(id)) freed.push('auth_failures');
    return freed;
  }

  /** Owners, or models, that have a tier of their own. */
  limitedNames(kind: 'owner' | 'model'): string[] {
    return [...this.#named[kind === 'owner' ? 'owners' : 'models'].keys()];
  }

  /** Forgets some of those that are limited no more. */
  cleanup(): void {
    for (const limiters of this.#limiters.values()) limiters.cleanup();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#cleaning);
    this.#cleaning = undefined;
  }

  readonly #modelSubject = (provider: string, model: string): Subject | undefined => {
    const { models } = this.#named;
    if (models.size === 0) return undefined;
    const full = `${provider}/${model}`;
    const own = models.get(full);
    const id = own === undefined ? model : full;
    const tier = own ?? models.get(model);
    return tier === undefined ? undefined : this.#subject('model', id, tier);
  };

  #withNamed(
    group: SubjectGroup,
    kind: SubjectKind,
    id: string | undefined,
    tiers: ReadonlyMap<string, string>,
  ): SubjectGroup {
    if (id === undefined || tiers.size === 0) return group;
    const tier = tiers.get(id);
    return tier === undefined ? group : group.with(this.#subject(kind, id, tier));
  }

  /** Subjects are others now, and so are all groups. */
  #forgetSubjects(): void {
    this.#subjects.clear();
    this.#nobody = this.#emptyGroup();
  }

  #emptyGroup(): SubjectGroup {
    let left = maxKnownGroups;
    const group = new SubjectGroup([], () => {
      left--;
      // More begin anew, which costs time only.
      if (left === 0 && group === this.#nobody) this.#nobody = this.#emptyGroup();
    });
    return group;
  }

  /** A tier that the configuration has no more is the default one. */
  #tierOfKey({ keyId, tier }: Caller): string {
    const { defaultTier } = this.#settings;
    if (tier === undefined || this.#named.tiers.has(tier)) return tier ?? defaultTier;
    if (!this.#unknownTiers.has(tier)) {
      this.#unknownTiers.add(tier);
      const message = 'a key has a tier that is not configured; it has the default one';
      this.#options.log.warn(message, { keyId, tier, defaultTier });
    }
    return defaultTier;
  }

  /** Who needs no key is known by the address only. */
  #tierOfAddress({ keyId, owner }: Caller): string | undefined {
    const { addressTier, defaultTier } = this.#settings;
    return addressTier ?? (keyId === undefined && owner === undefined ? defaultTier : undefined);
  }

  #subject(kind: SubjectKind, id: string, tier: string): Subject {
    const known = this.#subjects.get(kind)?.get(id);
    if (known?.limiters.name === tier) return known;
    const made = subjectOf(kind, id, this.#limitersOf(kind, tier));
    let ofKind = this.#subjects.get(kind);
    if (!ofKind || ofKind.size >= maxKnownSubjects) {
      ofKind = new Map();
      this.#subjects.set(kind, ofKind);
    }
    ofKind.set(id, made);
    return made;
  }

  /** What each may have by itself while the counts of all are not known. */
  #shareBy(parts: number): void {
    if (parts === this.#parts) return;
    this.#parts = parts;
    for (const [place, { name, tier }] of this.#limiters) {
      this.#limiters.set(place, this.#made(name, tier));
    }
    this.#forgetSubjects();
  }

  #after(before: TierLimiters, tier: LimitTierConfig): TierLimiters {
    return Bun.deepEquals(before.tier, tier) ? before : this.#made(before.name, tier, before);
  }

  #made(name: string, tier: LimitTierConfig, before?: TierLimiters): TierLimiters {
    return new TierLimiters({
      name,
      tier,
      monotonicMs: this.#clock.now,
      parts: this.#parts,
      ...(this.#shared ? { places: this.#shared.places } : {}),
      ...(before ? { before } : {}),
    });
  }

  #limitersOf(kind: SubjectKind, tier: string): TierLimiters {
    const place = kind === 'address' ? `address ${tier}` : `other ${tier}`;
    const known = this.#limiters.get(place);
    if (known) return known;
    const options = this.#named.tiers.get(tier) ?? {};
    const made = this.#made(tier, options);
    this.#limiters.set(place, made);
    return made;
  }
}

function redisIsLost(cause: unknown): never {
  const message =
    'Redis does not answer, so the counts that replicas share are as they were; ask again';
  throw new RpcError('unavailable', message, { cause });
}

/** Users choose the names, so they are no members of objects. */
function namedOf({ models, owners, teams, tiers, users }: RateLimitSettings) {
  return {
    tiers: new Map(Object.entries(tiers)),
    owners: new Map(Object.entries(owners)),
    users: new Map(Object.entries(users)),
    teams: new Map(Object.entries(teams)),
    models: new Map(Object.entries(models)),
  };
}
