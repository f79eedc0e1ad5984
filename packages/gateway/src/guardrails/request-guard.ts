import type { RpcError } from '@zeke/rpc';
import type { JsonObject } from '../dialects/dialect.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import { AnswerGuard } from './answer-guard.ts';
import type { GuardRule } from './guard-rule.ts';
import type { GuardedRequest, Guardrails } from './guardrails.ts';
import { editTexts, pathText } from './json-texts.ts';
import { askPolicies, type PolicyAnswer } from './policies.ts';
import { PolicyGate, refuseTool } from './policy-gate.ts';
import { placeholderOf, redactText } from './redact.ts';
import { holdsKind, requestBlocked } from './refusal.ts';
import { isInScope } from './rule-scope.ts';
import { findIn, type TextRule } from './text-rule.ts';
import { toolNamesIn } from './tool-names.ts';
import { type Told, Trail } from './trail.ts';
import { askWebhook } from './webhook-check.ts';

/** Who may answer a request, and how it is to be written; undefined: as it is. */
export interface Checked {
  readonly candidates: Candidate[];
  /** Takes JSON text with the request's texts, gives it with those replaced that may not go out. */
  readonly redact: ((json: string) => string) | undefined;
}

/** What guardrails and policies would say of a request. */
export interface Foreseen {
  readonly findings: readonly Told[];
  /** Rules that ask a webhook, whose word is not known. */
  readonly webhooks: readonly string[];
  /** In the order of the candidates. */
  readonly verdicts: readonly ForeseenVerdict[];
}

interface ForeseenVerdict {
  readonly candidate: Candidate;
  /** A guardrail keeps the request from it. */
  readonly refusal: RpcError | undefined;
  readonly policy: PolicyAnswer;
}

/** Findings of one request that are remembered; the others are redacted, but not told. */
const maxFindings = 1_000;

interface Found {
  readonly rule: GuardRule;
  readonly told: Told;
  readonly text: string;
  /** `holds a github-pat`. */
  readonly what: string;
}

/** Guards one request and its answer. */
export class RequestGuard {
  readonly trail: Trail;
  readonly #guardrails: Guardrails;
  readonly #request: GuardedRequest;
  /** That the request offers, or that were called before. */
  readonly #tools = new Set<string>();
  #fingerprint: string | undefined;

  constructor(guardrails: Guardrails, request: GuardedRequest) {
    const { log, metrics } = guardrails.options;
    const { requestId } = request;
    this.#guardrails = guardrails;
    this.#request = request;
    this.trail = new Trail({ requestId, log, metrics, hashOf: (text) => guardrails.hashOf(text) });
  }

  /** Says which rules the request and its answer were held to: answers are shared only where it is the same. */
  get fingerprint(): string {
    return this.#fingerprint ?? '';
  }

  /**
   * Looks at a request that may go to these candidates. It is written once, and so obeys what holds for
   * any of them; those for which a rule blocks it are left out. `body`: its parsed JSON.
   * @throws RpcError invalid_argument that names rule and field where none is left, and permission_denied where
   * policies leave none, with what consent is needed for.
   */
  async check(json: string, body: unknown, candidates: Candidate[]): Promise<Checked> {
    const ofAll = candidates.map((candidate) => this.#rulesFor(candidate));
    // What is asked further, of judges, makes no difference to who may share the answer.
    this.#fingerprint ??= JSON.stringify(
      ofAll.map((rules) => rules.map((rule) => rule.fingerprint)),
    );
    const ofRequests = new Map(
      candidates.map((each, at) => [each, (ofAll[at] ?? []).filter(isForRequests)]),
    );
    const rules = new Set([...ofRequests.values()].flat());
    if (rules.size === 0) {
      return { candidates: await this.#allowed(candidates, body), redact: undefined };
    }
    const found = await this.#find(json, body, [...rules]);
    const left = this.#unblocked(ofRequests, found);
    const acting = [...rules].filter((rule) =>
      left.some((each) => ofRequests.get(each)?.includes(rule)),
    );
    const redacting = acting.flatMap(({ action, check }) =>
      action === 'redact' && check.kind === 'texts' ? check.rule : [],
    );
    const isToRedact = found.some(({ rule }) => rule.action === 'redact' && acting.includes(rule));
    const redact = isToRedact ? (text: string) => redactJson(text, redacting) : undefined;
    const checked = await this.#askWebhooks(json, { candidates: left, redact }, ofRequests);
    return { ...checked, candidates: await this.#allowed(checked.candidates, body) };
  }

  /** What `check` would do, by what it finds itself: no webhook is asked, no consent used, nothing counted. */
  async foresee(json: string, body: unknown, candidates: readonly Candidate[]): Promise<Foreseen> {
    const ofRequests = new Map(
      candidates.map((each) => [each, this.#rulesFor(each).filter(isForRequests)]),
    );
    const rules = [...new Set([...ofRequests.values()].flat())];
    const found = await this.#find(json, body, rules);
    const data = new Set(found.flatMap(({ told: { kind, type } }) => [kind, type]));
    const { policies } = this.#guardrails.options;
    const tools = policies.some((each) => each.tools) ? toolNamesIn(body) : [];
    const { caller, model } = this.#request;
    const verdicts = candidates.map((candidate): ForeseenVerdict => {
      const own = ofRequests.get(candidate) ?? [];
      const block = found.find(({ rule }) => rule.action === 'block' && own.includes(rule));
      const refusal = block && requestBlocked(block.rule.name, block.told.field, block.what);
      const policy = askPolicies(policies, { caller, candidate, model, tools, data });
      return { candidate, refusal, policy };
    });
    return {
      findings: found.map(({ told }) => told),
      webhooks: rules.flatMap(({ check, name }) => (check.kind === 'webhook' ? name : [])),
      verdicts,
    };
  }

  /** Whether an answer of these may yet be refused when it is whole, and so is nobody else's. */
  mayNotShare(candidates: readonly Candidate[]): boolean {
    return candidates.some((candidate) =>
      this.#rulesFor(candidate).some(
        ({ action, check, direction }) =>
          check.kind === 'webhook' && direction !== 'in' && action !== 'report',
      ),
    );
  }

  /** How the answer of this candidate is looked at; undefined where it is not. */
  answerOf(candidate: Candidate): AnswerGuard | undefined {
    const rules = this.#rulesFor(candidate).filter(({ direction }) => direction !== 'in');
    const { fetch, policies } = this.#guardrails.options;
    const hasTools = policies.some(({ effect, tools }) => tools && effect !== 'allow');
    if (rules.length === 0 && !hasTools) return undefined;
    const asked = { caller: this.#request.caller, candidate, model: this.#request.model };
    const mayCall = hasTools
      ? (tool: string) => (this.#tools.has(tool) ? undefined : refuseTool(policies, asked, tool))
      : undefined;
    return new AnswerGuard({ rules, trail: this.trail, fetch, request: this.#request, mayCall });
  }

  /** Those that policies allow, or for which consent was given. */
  async #allowed(candidates: Candidate[], body: unknown): Promise<Candidate[]> {
    const { consents, metrics, policies } = this.#guardrails.options;
    if (policies.length === 0) return candidates;
    if (policies.some(({ tools }) => tools)) {
      for (const name of toolNamesIn(body)) this.#tools.add(name);
    }
    const { data } = this.trail;
    const gate = new PolicyGate({ consents, metrics, policies, request: this.#request });
    return await gate.allowed(candidates, [...this.#tools], [...data]);
  }

  #rulesFor(candidate: Candidate): GuardRule[] {
    const { caller, model } = this.#request;
    return this.#guardrails.rules.filter(({ scope }) =>
      isInScope(scope, { caller, candidate, model }),
    );
  }

  async #find(json: string, body: unknown, rules: readonly GuardRule[]): Promise<Found[]> {
    const byTextRule = new Map<TextRule, GuardRule>();
    for (const rule of rules)
      if (rule.check.kind === 'texts') byTextRule.set(rule.check.rule, rule);
    const textRules = [...byTextRule.keys()];
    const found: Found[] = [];
    let characters = 0;
    if (rules.some(({ check }) => check.kind !== 'webhook')) {
      editTexts(json, (text, path, form) => {
        characters += text.length;
        for (const { end, kind, rule: textRule, start } of findIn(text, textRules, form)) {
          const rule = byTextRule.get(textRule);
          if (!rule || found.length >= maxFindings) continue;
          const told = toldOf(rule, kind, fieldOf(path));
          found.push({
            rule,
            told,
            text: text.slice(start, end),
            what: holdsKind(kind),
          });
        }
        return undefined;
      });
    }
    for (const rule of rules) found.push(...(await this.#oversized(rule, json, body, characters)));
    return found;
  }

  async #oversized(
    rule: GuardRule,
    json: string,
    body: unknown,
    characters: number,
  ): Promise<Found[]> {
    if (rule.check.kind !== 'size') return [];
    const { maxCharacters, maxMessages, maxTokens } = rule.check.limits;
    const sizes: [unit: string, size: number, limit: number | undefined][] = [
      ['characters', characters, maxCharacters],
      ['messages', messagesOf(body), maxMessages],
    ];
    if (maxTokens !== undefined) {
      const { estimateUsage } = this.#guardrails.options;
      const texts = () => ({ input: textsOf(json).join('\n'), output: '', outputShare: 1 });
      sizes.push(['tokens', (await estimateUsage(texts)).input, maxTokens]);
    }
    return sizes.flatMap(([unit, size, limit]) => {
      if (limit === undefined || size <= limit) return [];
      const what = `has ${size} ${unit} of at most ${limit}`;
      return [{ rule, told: toldOf(rule, `max_${unit}`, theRequest), text: '', what }];
    });
  }

  /** The candidates for which no rule blocks the request; tells what was found. */
  #unblocked(
    ofRequests: ReadonlyMap<Candidate, readonly GuardRule[]>,
    found: readonly Found[],
  ): Candidate[] {
    const blocking = new Set(found.flatMap(({ rule }) => (rule.action === 'block' ? rule : [])));
    const all = [...ofRequests.keys()];
    const left = all.filter((each) => !ofRequests.get(each)?.some((rule) => blocking.has(rule)));
    for (const { rule, told, text } of found) {
      const acts = blocking.has(rule) || left.some((each) => ofRequests.get(each)?.includes(rule));
      if (acts) this.trail.add(told, text);
    }
    const first = found.find(({ rule }) => rule.action === 'block');
    if (left.length > 0 || !first) return left;
    throw requestBlocked(first.rule.name, first.told.field, first.what);
  }

  async #askWebhooks(
    json: string,
    { candidates, redact: before }: Checked,
    ofRequests: ReadonlyMap<Candidate, readonly GuardRule[]>,
  ): Promise<Checked> {
    let redact = before;
    let left = candidates;
    const hooks = new Set(candidates.flatMap((each) => ofRequests.get(each) ?? []));
    for (const rule of hooks) {
      if (rule.check.kind !== 'webhook') continue;
      const { fetch } = this.#guardrails.options;
      const { caller, client, model, requestId } = this.#request;
      const question = {
        rule: rule.name,
        direction: 'in',
        request_id: requestId,
        model,
        key_id: caller.keyId,
        owner: caller.owner,
        texts: fieldsOf(redact ? redact(json) : json),
      } as const;
      const said = await askWebhook(fetch, rule.check.settings, question, client);
      this.trail.webhook(rule.name, said);
      const { onFailure } = rule.check.settings;
      const isFailure = said.verdict === 'failed' && onFailure === 'block';
      if (said.verdict === 'redact' && rule.action !== 'report') {
        redact = alsoWithout(said.texts, rule.name, redact);
      }
      if (said.verdict !== 'allow' && said.verdict !== 'failed') {
        this.trail.add(toldOf(rule, said.verdict, theRequest), '');
      }
      if (rule.action === 'report' || (!isFailure && said.verdict !== 'block')) continue;
      left = left.filter((each) => !ofRequests.get(each)?.includes(rule));
      if (left.length > 0) continue;
      const why = said.verdict === 'block' ? said.reason : 'its webhook did not answer well';
      throw requestBlocked(rule.name, theRequest, `was refused${why ? ` (${why})` : ''}`);
    }
    return { candidates: left, redact };
  }
}

const theRequest = 'the request';

function isForRequests({ direction }: GuardRule): boolean {
  return direction !== 'out';
}

function toldOf({ action, name, type }: GuardRule, kind: string, field: string): Told {
  return { rule: name, type, action, direction: 'in', kind, field };
}

function fieldOf(path: Parameters<typeof pathText>[0]): string {
  return pathText(path).slice(0, maxFieldChars) || 'the body';
}

const maxFieldChars = 200;

/** JSON text with what these rules find in its texts replaced. */
function redactJson(json: string, rules: readonly TextRule[]): string {
  return editTexts(json, (text, _path, form) => redactText(text, rules, form).text);
}

function alsoWithout(
  texts: readonly string[],
  rule: string,
  redact: Checked['redact'],
): (json: string) => string {
  return (json) => withoutTexts(redact ? redact(json) : json, texts, rule);
}

function withoutTexts(json: string, texts: readonly string[], rule: string): string {
  const longestFirst = texts.toSorted((a, b) => b.length - a.length);
  return editTexts(json, (text) =>
    longestFirst.reduce((rest, each) => rest.replaceAll(each, placeholderOf(rule)), text),
  );
}

function textsOf(json: string): string[] {
  return fieldsOf(json).map(({ text }) => text);
}

function fieldsOf(json: string): { field: string; text: string }[] {
  const fields: { field: string; text: string }[] = [];
  editTexts(json, (text, path) => {
    fields.push({ field: pathText(path), text });
    return undefined;
  });
  return fields;
}

/** However the dialect calls them. */
function messagesOf(body: unknown): number {
  if (typeof body !== 'object' || body === null) return 0;
  const { contents, input, messages } = body as JsonObject;
  return [messages, contents, input].find(Array.isArray)?.length ?? 0;
}
