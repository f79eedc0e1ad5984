/**
 * Writes packages/gateway/src/guardrails/detectors/gen/secret-patterns.json from the rules of gitleaks
 * (MIT): `bun scripts/generate-secret-patterns.ts <gitleaks.toml> <its version>`, the file being
 * config/gitleaks.toml of its repository. Taken are rules whose texts begin with letters that nothing
 * else begins with; those that need the name of a variable beside them are not, since talk is no code.
 */
import { Matcher, parsePattern } from '../packages/foundation/src/patterns/index.ts';

interface Rule {
  id: string;
  regex?: string;
  entropy?: number;
}

const output = new URL(
  '../packages/gateway/src/guardrails/detectors/gen/secret-patterns.json',
  import.meta.url,
);

/** What stands between the name of a variable and its value. */
const assignment = /\(\?:=\|>\|/;
/** What must follow in a source file; in talk a full stop or a bracket may. */
const terminator = /\(\?:(?:\[\\x60'"\\s;\]\|\\\\\[nr\]\|\$(?:\|\\b)?|\[\^[^\]]*\]\|\\z)\)$/;
/** Too much else looks like these, or they hold more than the secret. */
const leftOut: ReadonlySet<string> = new Set([
  'curl-auth-header',
  'curl-auth-user',
  'kubernetes-secret-yaml',
  'nuget-config-password',
  'private-key',
  'sourcegraph-access-token',
  'sidekiq-sensitive-url',
  'twilio-api-key',
  'adobe-client-id',
  'azure-ad-client-secret',
]);
/** Told apart by more than their beginning. */
const taken: ReadonlySet<string> = new Set(['aws-access-token', 'jwt', 'slack-webhook-url']);
/** Letters, digits and marks that a text must begin with to be taken. */
const minPrefixChars = 3;

function secretPatterns(rules: readonly Rule[]) {
  return rules.flatMap(({ entropy, id, regex }) => {
    if (!regex || assignment.test(regex) || leftOut.has(id)) return [];
    const pattern = regex.replace(terminator, '');
    if (!taken.has(id) && prefixChars(pattern) < minPrefixChars) return [];
    // Throws for what the matcher does not know.
    new Matcher([parsePattern(pattern)], 1_000);
    return [{ id, pattern, ...(entropy === undefined ? {} : { entropy }) }];
  });
}

/** How many characters of the beginning are always the same, but for alternatives. */
function prefixChars(pattern: string): number {
  const bare = pattern
    .replace(/^(?:\(\?i\)|\\b|\((?!\?)|\(\?:(?=\())*/, '')
    .replaceAll('(?i)', '')
    .replaceAll('\\.', '.');
  const group = /^\(?(?:\(\?:)?((?:[\w-]+\|)+[\w-]+)\)/.exec(bare);
  if (group) return Math.min(...(group[1] ?? '').split('|').map((each) => each.length)) + 1;
  return /^[\w .~:/-]*/.exec(bare.replace(/[\w-][?*{].*/s, ''))?.[0].length ?? 0;
}

if (import.meta.main) {
  const [file = '', version = ''] = process.argv.slice(2);
  const { rules } = Bun.TOML.parse(await Bun.file(file).text()) as { rules: Rule[] };
  const patterns = secretPatterns(rules);
  const source = 'https://github.com/gitleaks/gitleaks, config/gitleaks.toml';
  const licence = 'MIT, Copyright (c) 2019 Zachary Rice';
  const text = JSON.stringify({ source, licence, version, patterns }, null, 2);
  await Bun.write(output, `${text}\n`);
}
