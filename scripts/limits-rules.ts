import type { FixedLimit } from './limits-page.ts';

const rules = 'Guardrails and consent';

/** Limits of guardrails and consent. */
export const ruleLimits: readonly FixedLimit[] = [
  of(
    'words of a deny list',
    'foundation/src/config/resolve-guardrails.ts',
    'maxWords',
    '',
    'the configuration is refused',
  ),
  of(
    'a word',
    'foundation/src/config/resolve-guardrails.ts',
    'maxWordChars',
    'characters',
    'the configuration is refused',
  ),
  of(
    'a pattern',
    'foundation/src/patterns/parse-pattern.ts',
    'maxPatternChars',
    'characters',
    'the configuration is refused',
  ),
  of(
    'steps of a pattern, its repeats written out',
    'foundation/src/patterns/program.ts',
    'maxStepsOfPattern',
    '',
    'the configuration is refused',
  ),
  of(
    'a match of a deny list',
    'gateway/src/guardrails/detectors/deny-list.ts',
    'maxDeniedChars',
    'characters',
    'it ends there',
  ),
  of(
    'a secret',
    'gateway/src/guardrails/detectors/secrets.ts',
    'maxSecretChars',
    'characters',
    'it ends there',
  ),
  of(
    'text that a stream holds back',
    'gateway/src/guardrails/held-items.ts',
    'maxHeldChars',
    'characters',
    'the stream ends with an error',
  ),
  of(
    'texts that a stream tells',
    'gateway/src/guardrails/held-items.ts',
    'maxChannels',
    '',
    'the stream ends with an error',
  ),
  of(
    'findings of a request in the log',
    'gateway/src/guardrails/trail.ts',
    'maxLogged',
    '',
    'the others are counted only',
  ),
  of(
    'an answer of a webhook',
    'gateway/src/guardrails/webhook-check.ts',
    'maxAnswerBytes',
    'bytes',
    'it counts as no answer',
  ),
  of(
    'a stream that a webhook is to see first',
    'gateway/src/http/judged-stream.ts',
    'maxHeldBytes',
    'bytes',
    'it is blocked',
  ),
  of(
    'questions of one key that wait for consent',
    'gateway/src/governance/consent/consents.ts',
    'maxPendingOfCaller',
    '',
    '429',
  ),
  of('questions of all', 'gateway/src/governance/consent/consents.ts', 'maxPending', '', '429'),
];

function of(
  what: string,
  file: string,
  constant: string,
  unit: FixedLimit['unit'],
  then: string,
): FixedLimit {
  return { group: rules, what, file, constant, unit, then };
}
