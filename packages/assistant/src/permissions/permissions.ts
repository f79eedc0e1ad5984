import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { Decision } from '../agent/agent-event.ts';
import type { Project } from '../project/project.ts';
import type { Action } from './action.ts';
import { judgeAction } from './judge-action.ts';
import { judgePath } from './judge-path.ts';
import { type PermissionMode, stricter } from './mode.ts';
import {
  changeDecisions,
  decisionsPath,
  type ProjectDecisions,
  readDecisions,
  rememberedRules,
} from './project-decisions.ts';
import { parseRule, type Rule, type RuleVerdict, showOrigin } from './rule.ts';
import { type PartVerdict, type RuleBook, rulesForName } from './rule-book.ts';
import type { SandboxSettings } from './rules-file.ts';
import { type LoadedRules, RulesSource } from './rules-source.ts';

export interface PermissionsOptions {
  readonly project: Project;
  /** `$ZEKE_HOME`: the user's `permissions.toml` stands there, and what was decided for projects. */
  readonly zekeHome: string;
  /** The user's home folder: what `~` is. */
  readonly home: string;
  /** Else that of the files, else `ask`. */
  readonly mode?: PermissionMode | undefined;
  /** Rules of who starts the session, beside those of files. Each as in `permissions.toml`. */
  readonly rules?: Readonly<Partial<Record<RuleVerdict, readonly string[]>>>;
  /** Folders outside the project that commands may use as their own: `/tmp` where it is the sandbox's. */
  readonly scratch?: (settings: SandboxSettings) => Promise<readonly string[]>;
  readonly now?: () => number;
}

/** What is to happen with a call. */
export interface Judgement {
  readonly verdict: RuleVerdict;
  /** One line for people and models: what decided, and about which part. */
  readonly reason: string;
  readonly rule?: Rule;
  /** Rules that "for this session" and "for this project" would add; empty where only this call can be allowed. */
  readonly remembers: readonly string[];
  /** Every part of the call, with what decided about it. */
  readonly parts: readonly PartVerdict[];
}

/** A rule as people see it in a list. */
export interface ListedRule {
  readonly verdict: RuleVerdict;
  readonly rule: string;
  /** `permissions.toml:3`, `allowed for this project`, … */
  readonly origin: string;
  /** False for what a project's own file allows before it is trusted. */
  readonly isInForce: boolean;
}

/**
 * What calls of tools may do in one project, by the mode, rules of files, and answers of people. Files are
 * looked at again before each decision. A rule that denies always wins, then what a person answered,
 * then rules that ask, then those that allow, then the mode.
 *
 * The user's file is `$ZEKE_HOME/permissions.toml`. The project's own, `.zeke/permissions.toml`, can only
 * make things stricter until a person trusts that very text of it.
 */
export class Permissions {
  readonly project: Project;
  readonly #options: PermissionsOptions;
  readonly #shared: Shared;
  #mode: PermissionMode | undefined;

  private constructor(options: PermissionsOptions, shared: Shared) {
    this.project = options.project;
    this.#options = options;
    this.#shared = shared;
    this.#mode = options.mode;
  }

  /** Throws `failed_precondition` with every fault of the files of rules, and `invalid_argument` for one in `rules`. */
  static async open(options: PermissionsOptions): Promise<Permissions> {
    const { project, zekeHome } = options;
    const ownName = '.zeke/permissions.toml';
    const permissions = new Permissions(options, {
      user: new RulesSource(join(zekeHome, 'permissions.toml'), 'permissions.toml'),
      own: new RulesSource(join(project.root, ownName), ownName),
      decisionsPath: decisionsPath(zekeHome, project.root),
      callerRules: readRules(options.rules ?? {}),
      session: [],
    });
    await permissions.#load();
    return permissions;
  }

  /** The same rules and answers in another mode: for a subagent that only reads. */
  inMode(mode: PermissionMode): Permissions {
    return new Permissions({ ...this.#options, mode }, this.#shared);
  }

  /** From now on, whatever files say. */
  setMode(mode: PermissionMode): void {
    this.#mode = mode;
  }

  async mode(): Promise<PermissionMode> {
    return (await this.#load()).book.mode;
  }

  /** How commands are confined, by both files. */
  async sandbox(): Promise<SandboxSettings> {
    return sandboxOf(await this.#load());
  }

  /** Decides about a call of a tool by what it would do. Actions are as tools state them: paths resolved. */
  async judge(toolName: string, actions: readonly Action[]): Promise<Judgement> {
    const loaded = await this.#load();
    const runsCommands = actions.some(({ kind }) => kind === 'shell');
    const scratch = runsCommands ? await this.#options.scratch?.(sandboxOf(loaded)) : undefined;
    const book = { ...loaded.book, scratch: scratch ?? [] };
    const byTool = rulesForName(book, 'tool', toolName);
    if (byTool.deny !== undefined) {
      return conclude([
        {
          text: toolName,
          verdict: 'deny',
          reason: 'a rule denies it',
          rule: byTool.deny,
          remembers: [],
        },
      ]);
    }
    const parts: PartVerdict[] = [];
    if (byTool.ask !== undefined && byTool.remembered === undefined) {
      const remembers = [toolName];
      parts.push({
        text: toolName,
        verdict: 'ask',
        reason: 'a rule asks',
        rule: byTool.ask,
        remembers,
      });
    }
    const allow = byTool.remembered ?? byTool.allow;
    for (const action of actions) {
      for (const part of await judgeAction(book, action, this.project)) {
        const isFreed = allow !== undefined && part.verdict === 'ask' && part.isDefault === true;
        parts.push(
          isFreed
            ? {
                text: part.text,
                verdict: 'allow',
                reason: 'a rule allows it',
                rule: allow,
                remembers: [],
              }
            : part,
        );
      }
    }
    return conclude(parts);
  }

  /**
   * Files that searches leave out though their folder may be read: a rule denies them or asks, or they
   * may hold secrets. Takes absolute, resolved paths.
   */
  async hides(): Promise<(path: string) => boolean> {
    const { book } = await this.#load();
    return (path) => {
      const { verdict, isDefault } = judgePath(book, { access: 'read', path });
      return verdict !== 'allow' && isDefault !== true;
    };
  }

  /** What would be decided about a command line, part by part. Nothing runs. */
  async explain(command: string, cwd: string = this.project.root): Promise<Judgement> {
    return await this.judge('shell', [{ kind: 'shell', command, cwd }]);
  }

  /**
   * Keeps an answer: `remembers` of the judgement that was asked about, for this session or for the
   * project. The other answers leave nothing behind.
   */
  async remember(decision: Decision, remembers: readonly string[]): Promise<void> {
    if (decision === 'allow_session') {
      for (const rule of remembers) this.#shared.session.push(rememberedRule(rule));
    }
    if (decision !== 'allow_project' || remembers.length === 0) return;
    for (const rule of remembers) rememberedRule(rule);
    const at = new Date((this.#options.now ?? Date.now)()).toISOString();
    await this.#change((decisions) => {
      const known = new Set(decisions.allow.map(({ rule }) => rule));
      const fresh = remembers.filter((rule) => !known.has(rule)).map((rule) => ({ rule, at }));
      return { ...decisions, allow: [...decisions.allow, ...fresh] };
    });
  }

  /** All rules, in the order they are looked at. */
  async list(): Promise<readonly ListedRule[]> {
    const { user, own, decisions, isTrusted } = await this.#load();
    const all = [
      ...this.#shared.callerRules,
      ...user.rules,
      ...own.rules,
      ...this.#shared.session,
      ...rememberedRules(decisions),
    ];
    return all.map((rule) => ({
      verdict: rule.verdict,
      rule: rule.text,
      origin: showOrigin(rule.origin),
      isInForce: isTrusted || rule.verdict !== 'allow' || !own.rules.includes(rule),
    }));
  }

  /** Takes back what was remembered: one rule, or all of this session and project. Says how many went. */
  async forget(rule?: string): Promise<number> {
    const goes = (text: string): boolean => rule === undefined || text === rule.trim();
    const before = this.#shared.session.length;
    const kept = this.#shared.session.filter(({ text }) => !goes(text));
    this.#shared.session.splice(0, before, ...kept);
    const { decisions } = await this.#load();
    const stays = decisions.allow.filter((each) => !goes(each.rule)).length;
    if (stays < decisions.allow.length) {
      await this.#change((old) => ({
        ...old,
        allow: old.allow.filter((each) => !goes(each.rule)),
      }));
    }
    return before - kept.length + decisions.allow.length - stays;
  }

  /**
   * Lets the project's own file allow things too, as long as its text stays what it is now. Says which
   * file; throws `not_found` where there is none.
   */
  async trustProject(): Promise<string> {
    const { own } = await this.#load();
    const { hash } = own;
    if (hash === undefined) {
      throw new RpcError(
        'not_found',
        `${this.#shared.own.path} does not exist: there is nothing to trust`,
      );
    }
    await this.#change((decisions) => ({ ...decisions, trustedRules: hash }));
    return this.#shared.own.path;
  }

  /** Things to tell the user when a session starts: rules of the project that are not in force. */
  async notices(): Promise<readonly string[]> {
    const { own, isTrusted } = await this.#load();
    const loose = own.rules.filter(({ verdict }) => verdict === 'allow').length;
    if (isTrusted || loose === 0) return [];
    return [
      `${loose} ${loose === 1 ? 'rule' : 'rules'} of .zeke/permissions.toml that allow something are not in force: ` +
        'look at them, then run zeke permissions trust',
    ];
  }

  async #change(change: (decisions: ProjectDecisions) => ProjectDecisions): Promise<void> {
    await changeDecisions(this.#shared.decisionsPath, this.project.root, change);
  }

  async #load(): Promise<Loaded> {
    const [user, own, decisions] = await Promise.all([
      this.#shared.user.load(),
      this.#shared.own.load(),
      readDecisions(this.#shared.decisionsPath, this.project.root),
    ]);
    const isTrusted = own.hash !== undefined && own.hash === decisions.trustedRules;
    const ownRules = own.rules.filter(({ verdict }) => isTrusted || verdict !== 'allow');
    const book: RuleBook = {
      root: this.project.root,
      home: this.#options.home,
      zekeHome: this.#options.zekeHome,
      mode: this.#mode ?? fileMode(user, own, isTrusted),
      rules: [...this.#shared.callerRules, ...user.rules, ...ownRules],
      remembered: [...this.#shared.session, ...rememberedRules(decisions)],
      scratch: [],
    };
    return { user, own, decisions, isTrusted, book };
  }
}

/** What holds in every mode. */
interface Shared {
  /** `$ZEKE_HOME/permissions.toml` */
  readonly user: RulesSource;
  /** `.zeke/permissions.toml` of the project. */
  readonly own: RulesSource;
  readonly decisionsPath: string;
  readonly callerRules: readonly Rule[];
  readonly session: Rule[];
}

interface Loaded {
  readonly user: LoadedRules;
  readonly own: LoadedRules;
  readonly decisions: ProjectDecisions;
  readonly isTrusted: boolean;
  readonly book: RuleBook;
}

/** By both files; the project's own is only followed where it is stricter, or trusted. */
function sandboxOf({ user, own, isTrusted }: Loaded): SandboxSettings {
  if (isTrusted) return { ...user.sandbox, ...own.sandbox };
  return {
    ...user.sandbox,
    ...(own.sandbox.use === 'required' ? { use: 'required' } : {}),
    ...(own.sandbox.network === false ? { network: false } : {}),
  };
}

function fileMode(user: LoadedRules, own: LoadedRules, isTrusted: boolean): PermissionMode {
  const mode = user.mode ?? 'ask';
  if (own.mode === undefined) return mode;
  return isTrusted ? own.mode : stricter(mode, own.mode);
}

function readRules(rules: Readonly<Partial<Record<RuleVerdict, readonly string[]>>>): Rule[] {
  return (['deny', 'ask', 'allow'] as const).flatMap((verdict) =>
    (rules[verdict] ?? []).map((text) => {
      const subject = parseRule(text);
      if (typeof subject === 'string')
        throw new RpcError('invalid_argument', `${verdict}: ${subject}`);
      return { verdict, text: text.trim(), subject, origin: { kind: 'caller' } } as const;
    }),
  );
}

function rememberedRule(text: string): Rule {
  const subject = parseRule(text);
  if (typeof subject === 'string') throw new RpcError('invalid_argument', subject);
  return { verdict: 'allow', text, subject, origin: { kind: 'session' } };
}

/** The strictest verdict of all parts. */
function conclude(parts: readonly PartVerdict[]): Judgement {
  const decisive =
    parts.find(({ verdict }) => verdict === 'deny') ??
    parts.find(({ verdict }) => verdict === 'ask');
  if (decisive === undefined) {
    const rule = parts.find((part) => part.rule !== undefined)?.rule;
    const reason = parts[0]?.reason ?? 'it touches nothing but the session';
    return {
      verdict: 'allow',
      reason,
      remembers: [],
      parts,
      ...(rule === undefined ? {} : { rule }),
    };
  }
  const { verdict, text, reason, rule } = decisive;
  const by = rule === undefined ? '' : ` (${rule.text}, ${showOrigin(rule.origin)})`;
  const asking = parts.filter((part) => part.verdict === 'ask');
  const isRememberable = verdict === 'ask' && asking.every(({ remembers }) => remembers.length > 0);
  return {
    verdict,
    reason: `${text === '' ? 'it' : text}: ${reason}${by}`,
    remembers: isRememberable ? [...new Set(asking.flatMap(({ remembers }) => remembers))] : [],
    parts,
    ...(rule === undefined ? {} : { rule }),
  };
}
