import type { RpcError } from '@zeke/rpc';
import type { GuardRule } from './guard-rule.ts';
import type { GuardedRequest } from './guardrails.ts';
import { HeldItems } from './held-items.ts';
import { editTexts, pathText } from './json-texts.ts';
import { placeholderOf, redacted } from './redact.ts';
import { answerBlocked, holdsKind } from './refusal.ts';
import { type Finding, findIn, type TextForm, type TextRule } from './text-rule.ts';
import { toolNamesIn } from './tool-names.ts';
import type { Trail } from './trail.ts';
import { askWebhook } from './webhook-check.ts';

export interface AnswerGuardOptions {
  /** Those for answers. */
  readonly rules: readonly GuardRule[];
  readonly trail: Trail;
  readonly fetch: typeof fetch;
  readonly request: GuardedRequest;
  /** Why a tool may not be called; absent where any may. */
  readonly mayCall?: ((tool: string) => RpcError | undefined) | undefined;
}

/** What an answer told, kept for webhooks, in characters. */
const maxKeptChars = 16 * 1024 * 1024;

/** Looks at one answer, whole or as a stream. */
export class AnswerGuard {
  /** Why no more of the answer may go out. */
  refusal: RpcError | undefined;
  readonly #options: AnswerGuardOptions;
  readonly #texts: ReadonlyMap<TextRule, GuardRule>;
  readonly #toldSizes = new Set<GuardRule>();
  readonly #hasWebhook: boolean;
  #characters = 0;
  readonly #kept = new Map<string, string>();

  constructor(options: AnswerGuardOptions) {
    this.#options = options;
    this.#hasWebhook = options.rules.some(({ check }) => check.kind === 'webhook');
    this.#texts = new Map(
      options.rules.flatMap((rule) =>
        rule.check.kind === 'texts' ? [[rule.check.rule, rule]] : [],
      ),
    );
  }

  /** Whether a webhook has to see all of the answer before any of it goes out. */
  get waitsForEnd(): boolean {
    return this.#options.rules.some(
      ({ action, check }) => check.kind === 'webhook' && action !== 'report',
    );
  }

  /** Holds back items of a stream while a finding may be growing in them. */
  hold<T>(): HeldItems<T> {
    return new HeldItems<T>({
      rules: [...this.#texts.keys()],
      onFinding: (finding, text, channel) => this.#found(finding, text, channel),
    });
  }

  /** A model calls a tool. */
  called(tool: string): void {
    this.refusal ??= this.#options.mayCall?.(tool);
  }

  /** Whether calls of tools are to be told. */
  get asksOfTools(): boolean {
    return this.#options.mayCall !== undefined;
  }

  /** Keeps a text that goes out, for webhooks. */
  keep(channel: string, text: string): void {
    if (!this.#hasWebhook || this.#characters > maxKeptChars) return;
    this.#kept.set(channel, (this.#kept.get(channel) ?? '') + text);
  }

  /** Counts what a provider told. */
  count(text: string): void {
    this.#characters += text.length;
    for (const rule of this.#options.rules) {
      if (rule.check.kind !== 'size') continue;
      const { maxCharacters = Number.POSITIVE_INFINITY } = rule.check.limits;
      if (this.#characters <= maxCharacters || this.#toldSizes.has(rule)) continue;
      this.#toldSizes.add(rule);
      this.#tell(rule, 'max_characters', 'the answer', '');
      if (rule.action === 'block') {
        this.refusal ??= answerBlocked(rule.name, `has over ${maxCharacters} characters`);
      }
    }
  }

  /** One text that does not grow, as it may go out; sets `refusal` where it may not. */
  text(text: string, field: string, form: TextForm = 'plain'): string {
    const findings = findIn(text, [...this.#texts.keys()], form);
    if (findings.length === 0) return text;
    for (const finding of findings) {
      this.#found(finding, text.slice(finding.start, finding.end), field);
    }
    return redacted(text, findings, form);
  }

  /**
   * A whole answer, as JSON text, as it may go out.
   * @throws RpcError permission_denied that names the rule, where it may not.
   */
  async whole(json: string): Promise<string> {
    let isRedacted = false;
    const edited = editTexts(json, (text, path, form) => {
      const field = pathText(path);
      this.count(text);
      const out = this.text(text, field, form);
      this.keep(field, out);
      isRedacted ||= out !== text;
      return out;
    });
    if (this.asksOfTools) for (const tool of toolNamesIn(JSON.parse(json))) this.called(tool);
    if (this.refusal) throw this.refusal;
    const asked = await this.askWebhooks();
    const text = asked.length > 0 ? editTexts(edited, (each) => withoutAll(each, asked)) : edited;
    return isRedacted || asked.length > 0 ? withoutLogprobs(text) : text;
  }

  /**
   * Asks webhooks about all that was told; gives what they want redacted, with what to put there.
   * @throws RpcError permission_denied where one refuses it.
   */
  async askWebhooks(): Promise<Replacement[]> {
    const replacements: Replacement[] = [];
    for (const rule of this.#options.rules) {
      if (rule.check.kind !== 'webhook') continue;
      const { fetch, request } = this.#options;
      const { caller, client, model, requestId } = request;
      const question = {
        rule: rule.name,
        direction: 'out',
        request_id: requestId,
        model,
        key_id: caller.keyId,
        owner: caller.owner,
        texts: [...this.#kept].map(([field, text]) => ({ field, text })),
      } as const;
      const said = await askWebhook(fetch, rule.check.settings, question, client);
      const { onFailure } = rule.check.settings;
      this.#options.trail.webhook(rule.name, said);
      if (said.verdict === 'block' || said.verdict === 'redact') {
        this.#tell(rule, said.verdict, 'the answer', '');
      }
      if (rule.action === 'report') continue;
      if (said.verdict === 'failed' && onFailure === 'block') {
        throw answerBlocked(rule.name, 'could not be checked');
      }
      if (said.verdict === 'block') {
        throw answerBlocked(rule.name, `was refused${said.reason ? ` (${said.reason})` : ''}`);
      }
      if (said.verdict !== 'redact') continue;
      replacements.push(...said.texts.map((text) => ({ rule: rule.name, text })));
    }
    return replacements;
  }

  #found({ kind, rule: textRule }: Finding, text: string, field: string): void {
    const rule = this.#texts.get(textRule);
    if (!rule) return;
    this.#tell(rule, kind, field, text);
    if (rule.action === 'block') {
      this.refusal ??= answerBlocked(rule.name, holdsKind(kind));
    }
  }

  #tell({ action, name, type }: GuardRule, kind: string, field: string, text: string): void {
    this.#options.trail.add({ rule: name, type, action, direction: 'out', kind, field }, text);
  }
}

/** A text that a webhook wants out of an answer. */
export interface Replacement {
  readonly rule: string;
  readonly text: string;
}

function withoutAll(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce(
    (rest, { rule, text: each }) => rest.replaceAll(each, placeholderOf(rule)),
    text,
  );
}

/** Tokens with their probabilities would tell what was redacted. */
export function withoutLogprobs(json: string): string {
  if (!json.includes('"logprobs') && !json.includes('"topLogprobs')) return json;
  return JSON.stringify(JSON.parse(json), (name, value) => {
    return logprobMembers.has(name) && typeof value === 'object' ? null : value;
  });
}

const logprobMembers: ReadonlySet<string> = new Set(['logprobs', 'logprobsResult']);
