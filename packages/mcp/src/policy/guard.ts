import { ProtocolError } from '@modelcontextprotocol/server';
import type { McpPolicyConfig } from '@zeke/foundation';
import { RateLimiter } from '@zeke/foundation/limits';
import { mcpError } from '../mcp-error.ts';
import { type CallRecord, type RecordCall, shownArguments } from './call-record.ts';
import { type CompiledRule, compileRules } from './compile-rules.ts';
import type { ConsentQuestion, Consents } from './consents.ts';
import { evaluate, type Verdict } from './evaluate.ts';
import { findInstructions } from './find-instructions.ts';
import type { McpCall } from './mcp-call.ts';
import { cleanResult, type McpResult, type Scan } from './results.ts';

export interface GuardOptions {
  readonly policy: McpPolicyConfig;
  readonly consents: Consents;
  readonly record: RecordCall;
  /** Looks for more than instructions, as for secrets; asked first. */
  readonly scan?: Scan;
  /** Remembers that somebody has seen how a tool describes itself now. */
  readonly acceptChange?: (call: McpCall) => Promise<void>;
  readonly monotonicMs?: () => number;
}

/** The policy around every call over MCP, of either direction. */
export class Guard {
  #policy: McpPolicyConfig;
  #rules: readonly CompiledRule[];
  /** By rule. */
  #limiters = new Map<string, RateLimiter>();
  readonly #options: GuardOptions;
  readonly #monotonicMs: () => number;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#policy = options.policy;
    this.#rules = compileRules(options.policy.rules);
  }

  /** From now on these rules hold; calls that wait for consent go on by the old ones. */
  configure(policy: McpPolicyConfig): void {
    this.#policy = policy;
    this.#rules = compileRules(policy.rules);
    this.#limiters = new Map();
  }

  /** What the rules say of a call, without making it. Pure. */
  effectOn(call: McpCall): Verdict['effect'] {
    return evaluate(this.#rules, this.#policy.otherwise, call).effect;
  }

  /**
   * Makes a call where the rules allow it, or somebody does, and cleans its result. Throws `denied`,
   * `rate-limited` and `consent-required` of `mcpErrorCodes`, and what the call throws.
   */
  async run<Result extends McpResult>(
    call: McpCall,
    signal: AbortSignal,
    make: () => Promise<Result>,
  ): Promise<Result> {
    const startedAt = this.#monotonicMs();
    const policy = this.#policy;
    const verdict = evaluate(this.#rules, policy.otherwise, call);
    let said: CallRecord['verdict'] = 'allowed';
    let found: Pick<CallRecord, 'found' | 'cutBytes'> = { found: [], cutBytes: 0 };
    let failure: unknown;
    let isOk = false;
    try {
      said = await this.#allow(call, verdict, policy, signal);
      const { cutBytes, kinds, result } = await cleanResult(
        await make(),
        policy.maxResultBytes,
        (text) => this.#scan(text),
      );
      found = { found: kinds, cutBytes };
      isOk = !('isError' in result && result.isError === true);
      return result;
    } catch (error) {
      failure = error;
      if (error instanceof Refusal) {
        said = error.verdict;
        throw error.told;
      }
      throw error;
    } finally {
      if (policy.audit === 'all' || verdict.marks.length > 0 || said !== 'allowed') {
        await this.#options.record({
          direction: call.direction,
          kind: call.kind,
          name: call.name,
          caller: call.caller,
          scopes: call.scopes,
          ...shownArguments(call.arguments),
          verdict: said,
          ...(verdict.rule ? { rule: verdict.rule.name } : {}),
          marks: verdict.marks,
          ...outcomeOf(failure, isOk, signal),
          durationMs: Math.round(this.#monotonicMs() - startedAt),
          ...found,
        });
      }
    }
  }

  async #allow(
    call: McpCall,
    { effect, rule }: Verdict,
    policy: McpPolicyConfig,
    signal: AbortSignal,
  ): Promise<'allowed' | 'consented'> {
    if (effect === 'deny') throw denied(call, rule);
    this.#checkRate(call, rule);
    const questions: ConsentQuestion[] = [];
    if (effect === 'require_consent') questions.push(questionOf(call, rule));
    if (policy.pinTools && call.changed) questions.push(changeQuestion(call, call.changed));
    for (const question of questions) await this.#ask(question, policy, signal);
    if (call.changed) await this.#options.acceptChange?.(call);
    return questions.length === 0 ? 'allowed' : 'consented';
  }

  #checkRate(call: McpCall, rule: Verdict['rule']): void {
    if (rule?.callsPerMinute === undefined) return;
    const limiter =
      this.#limiters.get(rule.name) ??
      RateLimiter.init({
        limit: rule.callsPerMinute,
        periodMs: 60_000,
        monotonicMs: this.#monotonicMs,
      });
    this.#limiters.set(rule.name, limiter);
    const key = new Bun.CryptoHasher('sha256')
      .update(`${call.caller.id}\n${call.name}`)
      .digest('hex');
    const { allowed, retryAfterMs } = limiter.check(key);
    if (allowed) return;
    const seconds = Math.ceil(retryAfterMs / 1_000);
    throw new Refusal(
      'rate-limited',
      mcpError(
        'rate-limited',
        `${call.name}: more than ${rule.callsPerMinute} calls a minute (rule ${rule.name}); try again in ${seconds} s`,
        { retryAfterMs },
      ),
    );
  }

  async #ask(
    question: ConsentQuestion,
    { consentTimeoutMs }: McpPolicyConfig,
    signal: AbortSignal,
  ): Promise<void> {
    const timeout = AbortSignal.timeout(consentTimeoutMs);
    try {
      const waiting = AbortSignal.any([signal, timeout]);
      const { answer, id } = await this.#options.consents.request(question, waiting);
      if (answer === 'granted') return;
      throw consentRefusal(question, 'it was not given', id);
    } catch (error) {
      if (!timeout.aborted || signal.aborted || error instanceof Refusal) throw error;
      throw consentRefusal(question, `nobody answered within ${consentTimeoutMs / 1_000} s`, '');
    }
  }

  async #scan(text: string) {
    const own = findInstructions(text);
    if (!this.#options.scan) return own;
    const more = await this.#options.scan(own.text);
    return { text: more.text, kinds: [...own.kinds, ...more.kinds] };
  }
}

/** What a rule refuses, with what its caller is told. */
class Refusal extends Error {
  readonly verdict: CallRecord['verdict'];
  readonly told: ProtocolError;

  constructor(verdict: CallRecord['verdict'], told: ProtocolError) {
    super(told.message);
    this.verdict = verdict;
    this.told = told;
  }
}

function denied(call: McpCall, rule: Verdict['rule']): Refusal {
  const by = rule ? `the rule ${rule.name} of mcp.rules` : 'mcp.policy.otherwise';
  const reason = rule?.reason === undefined ? '' : `: ${rule.reason}`;
  return new Refusal('denied', mcpError('denied', `${call.name}: denied by ${by}${reason}`));
}

function consentRefusal(question: ConsentQuestion, why: string, id: string): Refusal {
  return new Refusal(
    'consent-refused',
    mcpError(
      'consent-required',
      `${question.name}: it takes consent (${question.rule}), and ${why}; zeke consent list shows what waits`,
      id === '' ? {} : { consentId: id },
    ),
  );
}

function questionOf(call: McpCall, rule: Verdict['rule']): ConsentQuestion {
  const isForTool = rule?.consentFor === 'tool';
  return {
    rule: rule?.name ?? 'otherwise',
    ...(rule?.reason === undefined ? {} : { reason: rule.reason }),
    caller: call.caller,
    name: call.name,
    ...(isForTool ? {} : { detail: detailOf(call) }),
  };
}

/** The arguments, short enough to be read, with a hash that is of all of them. */
function detailOf(call: McpCall): string {
  const { argumentsHash, arguments: shown } = shownArguments(call.arguments);
  return `${JSON.stringify(shown).slice(0, maxDetailChars)} sha256:${argumentsHash}`;
}

/** Of a question. */
const maxDetailChars = 2_000;

function changeQuestion(
  call: McpCall,
  { diff, server }: NonNullable<McpCall['changed']>,
): ConsentQuestion {
  return {
    rule: 'changed-tool',
    reason: `${server} describes this tool differently than before`,
    caller: call.caller,
    name: call.name,
    detail: diff.slice(0, maxDetailChars),
  };
}

function outcomeOf(
  failure: unknown,
  isOk: boolean,
  signal: AbortSignal,
): Pick<CallRecord, 'outcome' | 'errorCode'> {
  if (failure instanceof Refusal) return { outcome: 'refused', errorCode: failure.told.code };
  if (failure === undefined) return { outcome: isOk ? 'ok' : 'error' };
  if (signal.aborted) return { outcome: 'canceled' };
  return ProtocolError.isInstance(failure)
    ? { outcome: 'error', errorCode: failure.code }
    : { outcome: 'error' };
}
