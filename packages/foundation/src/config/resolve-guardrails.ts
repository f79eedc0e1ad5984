import { PatternFault, parsePattern } from '../patterns/parse-pattern.ts';
import { compileProgram } from '../patterns/program.ts';
import { Secret } from '../secrets/secret.ts';
import { defined } from './defined.ts';
import { type GuardrailCheck, personalDataKinds, type ScopeConfig } from './guardrails-config.ts';
import type { ResolvedConfig } from './resolved-config.ts';
import type { ValidConfig } from './schema.ts';

type ValidGuardrail = ValidConfig['guardrails'][string];
type ValidPolicy = ValidConfig['policies'][string];
type Remark = (path: readonly string[], message: string) => void;

const defaultTimeoutMs = 2_000;

/** The keys that one type has and others do not. */
const keysOfTypes = {
  secrets: ['except'],
  personal_data: ['kinds'],
  deny_list: ['words', 'patterns', 'ignore_case'],
  max_size: ['max_characters', 'max_tokens', 'max_messages'],
  webhook: ['url', 'secret', 'timeout_ms', 'on_failure'],
} as const satisfies Record<ValidGuardrail['type'], readonly (keyof ValidGuardrail)[]>;

/** The most words of a deny list, and the longest, in characters. */
const maxWords = 1_000;
const maxWordChars = 200;

/** `[guardrails.NAME]` and `[policies.NAME]`, by name. `fault` is told the key at fault. */
export function resolveRules(
  { guardrails, policies }: Pick<ValidConfig, 'guardrails' | 'policies'>,
  fault: Remark,
): Pick<ResolvedConfig, 'guardrails' | 'policies'> {
  return {
    guardrails: mapped(guardrails, (name, guardrail) => {
      checkKeys(guardrail, (key, message) => fault(['guardrails', name, key], message));
      const { action, direction } = guardrail;
      return { name, action, direction, scope: scopeOf(guardrail), check: checkOf(guardrail) };
    }),
    policies: mapped(policies, (name, policy) => {
      const { data, effect, reason, tools } = policy;
      if (data && !Object.values(guardrails).some(findsInRequests)) {
        const message = 'nothing is found without a guardrail that looks at requests';
        fault(['policies', name, 'data'], message);
      }
      return defined({ name, effect, scope: scopeOf(policy), tools, data, reason });
    }),
  };
}

function mapped<From, To>(
  tables: Readonly<Record<string, From>>,
  resolve: (name: string, table: From) => To,
): Map<string, To> {
  return new Map(Object.entries(tables).map(([name, table]) => [name, resolve(name, table)]));
}

function findsInRequests({ direction, type }: ValidGuardrail): boolean {
  return direction !== 'out' && type !== 'max_size';
}

function scopeOf({
  keys,
  models,
  orgs,
  providers,
  teams,
}: ValidGuardrail | ValidPolicy): ScopeConfig {
  return defined({ keys, teams, orgs, models, providers });
}

function checkKeys(guardrail: ValidGuardrail, fault: (key: string, message: string) => void): void {
  const { action, direction, type } = guardrail;
  for (const [of, keys] of Object.entries(keysOfTypes)) {
    for (const key of keys) {
      if (of !== type && guardrail[key] !== undefined) fault(key, `it is for type = "${of}"`);
    }
  }
  const sized = type === 'max_size';
  const hasSize = keysOfTypes.max_size.some((key) => guardrail[key] !== undefined);
  if (sized && !hasSize) fault('type', 'max_size takes max_characters, max_tokens or max_messages');
  if (sized && action === 'redact') fault('action', 'what is too large is blocked or reported');
  for (const key of ['max_tokens', 'max_messages'] as const) {
    if (sized && direction !== 'in' && guardrail[key] !== undefined) {
      fault(key, 'it is for requests: set direction = "in"');
    }
  }
  if (type === 'webhook' && guardrail.url === undefined) fault('url', 'it is missing');
  if (type === 'deny_list' && !guardrail.words && !guardrail.patterns) {
    fault('type', 'deny_list takes words or patterns');
  }
  const { words = [] } = guardrail;
  if (words.length > maxWords) fault('words', `there are over ${maxWords}`);
  if (words.some((word) => word.length > maxWordChars)) {
    fault('words', `one is longer than ${maxWordChars} characters`);
  }
  for (const pattern of guardrail.patterns ?? []) {
    const why = faultOf(pattern);
    if (why !== undefined) fault('patterns', `${pattern.slice(0, 100)}: ${why}`);
  }
}

function faultOf(pattern: string): string | undefined {
  try {
    compileProgram([parsePattern(pattern)]);
    return undefined;
  } catch (reason) {
    if (reason instanceof PatternFault) return reason.message;
    throw reason;
  }
}

function checkOf(guardrail: ValidGuardrail): GuardrailCheck {
  switch (guardrail.type) {
    case 'secrets':
      return { type: 'secrets', except: guardrail.except ?? [] };
    case 'personal_data':
      return { type: 'personal_data', kinds: guardrail.kinds ?? personalDataKinds };
    case 'deny_list':
      return {
        type: 'deny_list',
        words: guardrail.words ?? [],
        patterns: guardrail.patterns ?? [],
        ignoreCase: guardrail.ignore_case ?? true,
      };
    case 'max_size':
      return {
        type: 'max_size',
        ...defined({
          maxCharacters: guardrail.max_characters,
          maxTokens: guardrail.max_tokens,
          maxMessages: guardrail.max_messages,
        }),
      };
    case 'webhook':
      return {
        type: 'webhook',
        url: guardrail.url ?? '',
        ...(guardrail.secret === undefined ? {} : { secret: new Secret(guardrail.secret) }),
        timeoutMs: guardrail.timeout_ms ?? defaultTimeoutMs,
        onFailure: guardrail.on_failure ?? 'block',
      };
  }
}
