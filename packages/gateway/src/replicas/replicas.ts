import type { Logger, Metrics } from '@zeke/foundation';
import type { RedisLink } from '@zeke/foundation/redis';
import { announcementText, readAnnouncement, type Topic } from './announcement.ts';
import { heartbeatScript, joinScript } from './membership-scripts.ts';

/** Milliseconds. */
export interface ReplicaTiming {
  readonly heartbeatMs: number;
  /** After which a replica that was not heard of is taken to be gone, with all it holds. */
  readonly leaseMs: number;
  /** How long replicas have to say what they hold when what Redis knows cannot be relied on. */
  readonly settleMs: number;
}

export const defaultReplicaTiming: ReplicaTiming = {
  heartbeatMs: 1_000,
  leaseMs: 5_000,
  settleMs: 3_000,
};

/** While replicas settle, Redis is not asked again for so long. */
const settleLookMs = 50;

export interface ReplicasOptions {
  readonly link: RedisLink;
  /** As many as there are, until it is known. */
  readonly expected: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly timing?: ReplicaTiming;
}

/** While Redis is lost, what others may have changed is looked at every so many heartbeats. */
const beatsALook = 5;

/** What a reply says of the replicas. */
type MemberReply = 'STALE' | 'SETTLING' | readonly unknown[];

/**
 * The replicas that share one Redis, and this one among them. Each is a member for as long as it is
 * heard of, and under another name each time it joins, so that what was sent under an old one changes
 * nothing any more. What it holds it says again whenever it joins.
 */
export class Replicas implements AsyncDisposable {
  /** Of this process, for as long as it lives. */
  readonly id = crypto.randomUUID();
  readonly link: RedisLink;
  readonly #options: ReplicasOptions;
  readonly #timing: ReplicaTiming;
  readonly #holders: (() => void)[] = [];
  readonly #listeners: { topic: Topic; listener: (detail: unknown) => void }[] = [];
  readonly #gauge;
  readonly #beat: ReturnType<typeof setInterval>;
  #joins = 0;
  #missedBeats = 0;
  #member = '';
  #generation = '';
  #isMember = false;
  #known: number;
  #settlesUntil = 0;
  #joined: Promise<unknown> = Promise.resolve();

  private constructor(options: ReplicasOptions) {
    const { expected, link, metrics, timing = defaultReplicaTiming } = options;
    this.link = link;
    this.#options = options;
    this.#timing = timing;
    this.#known = expected;
    this.#gauge = metrics.gauge({ name: 'replicas', help: 'Replicas that share one Redis.' });
    this.#beat = setInterval(() => this.#sendBeat(), timing.heartbeatMs);
    this.#beat.unref();
    link.onUp(() => {
      this.join();
      this.#lookAtAll();
    });
    link.onDown(() => {
      this.#isMember = false;
    });
    link.onMessage((text) => this.#hear(text));
  }

  /** Resolves when this process is a member, or knows that it cannot be one now. */
  static async join(options: ReplicasOptions): Promise<Replicas> {
    const replicas = new Replicas(options);
    if (options.link.isUp) replicas.join();
    await replicas.#joined;
    return replicas;
  }

  /** What scripts name first among their keys. */
  get keys(): readonly [string, string] {
    const { keyPrefix } = this.link;
    return [`${keyPrefix}replicas`, `${keyPrefix}settling`];
  }

  /** Where the name of what Redis holds stands: another after it was emptied. */
  get generationKey(): string {
    return `${this.link.keyPrefix}generation`;
  }

  /** That name, as it was when this process joined last; empty where it never did. */
  get generation(): string {
    return this.#generation;
  }

  /** The name of this process among the members. */
  get member(): string {
    return this.#member;
  }

  /** Whether what all hold together can be known. */
  get areTogether(): boolean {
    return this.#isMember && performance.now() >= this.#settlesUntil;
  }

  /** How many there are, or were when it was last known; as many as expected, or more. */
  get count(): number {
    return Math.max(this.#known, this.#options.expected);
  }

  /** `holder` says, under the new name, what this process holds: called each time it joins. */
  onJoin(holder: () => void): void {
    this.#holders.push(holder);
  }

  /**
   * Joins, under a new name. All that holders send goes out with it, in this order, so that what is
   * sent from now on comes after it.
   */
  join(): void {
    const before = this.#member;
    this.#joins++;
    this.#member = `${this.id}.${this.#joins}`;
    this.#isMember = true;
    const { leaseMs, settleMs } = this.#timing;
    const wasMember = before === '' ? '0' : '1';
    const args = [
      this.#member,
      before,
      String(leaseMs),
      wasMember,
      String(settleMs),
      this.generationKey,
      crypto.randomUUID(),
    ];
    this.#joined = this.link
      .runInTurn(joinScript, this.keys, args)
      .then((reply) => this.#learn(reply))
      .catch((err: unknown) => this.#failed(err));
    for (const holder of this.#holders) holder();
  }

  /**
   * Sends what only a member may: `send` is called with its name, and again under another one where it
   * had to join anew meanwhile. Undefined where what all hold cannot be known. Rejects as the link does.
   */
  async ask(send: (member: string) => Promise<unknown>): Promise<readonly unknown[] | undefined> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      if (!this.areTogether) return undefined;
      const member = this.#member;
      const reply = (await send(member)) as MemberReply;
      if (reply === 'SETTLING') {
        this.#settlesUntil = performance.now() + settleLookMs;
        return undefined;
      }
      // What was taken under a name that is no more was given back with it.
      if (reply !== 'STALE' && member === this.#member && this.#isMember) return reply;
      if (member === this.#member && this.link.isUp) this.join();
    }
    return undefined;
  }

  /** Tells the other replicas. */
  announce(topic: Topic, detail?: unknown): void {
    this.link.publish(
      announcementText({ from: this.id, topic, ...(detail === undefined ? {} : { detail }) }),
    );
  }

  /**
   * Hears what others announce; without detail whenever something may not have been heard, and every
   * five heartbeats while Redis is lost: then the database is to be asked.
   */
  onAnnounced(topic: Topic, listener: (detail: unknown) => void): void {
    this.#listeners.push({ topic, listener });
  }

  /** Leaves: what this process held is free at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    this.#isMember = false;
    await this.link.send('ZREM', this.keys[0], this.#member).catch(() => undefined);
  }

  /** What is said while Redis is lost is not heard: all of it may have changed. */
  #lookAtAll(): void {
    for (const { listener } of this.#listeners) listener(undefined);
  }

  #sendBeat(): void {
    if (!this.link.isUp) {
      this.#missedBeats++;
      if (this.#missedBeats % beatsALook === 0) this.#lookAtAll();
    }
    if (!this.#isMember) return;
    const member = this.#member;
    this.link
      .run(heartbeatScript, this.keys, [member, String(this.#timing.leaseMs)])
      .then((reply) => {
        if (member !== this.#member || !this.#isMember) return;
        if (reply === 'STALE') this.join();
        else this.#learn(reply);
      })
      .catch((err: unknown) => this.#failed(err));
  }

  #learn(reply: unknown): void {
    const [count, settlesMs, generation] = reply as [number, number, string?];
    if (generation !== undefined) this.#generation = generation;
    if (settlesMs > 0) {
      this.#settlesUntil = performance.now() + settlesMs;
      this.#options.log.warn('what replicas hold is put together again', { settlesMs });
      // Those that have not joined yet are there all the same.
      this.#known = Math.max(this.#known, count);
    } else this.#known = count;
    this.#gauge.set(this.count);
  }

  #failed(err: unknown): void {
    if (this.link.isUp) this.#options.log.error('Redis refuses what replicas share', { err });
  }

  #hear(text: string): void {
    const said = readAnnouncement(text);
    if (said === undefined || said.from === this.id) return;
    for (const { listener, topic } of this.#listeners) {
      if (topic === said.topic) listener(said.detail);
    }
  }
}

const maxAttempts = 3;
