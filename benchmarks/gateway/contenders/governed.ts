import { models, providerKey } from '../answers.ts';
import { type AdminCall, secretOf, startZeke, type Zeke, type ZekeOptions } from './zeke.ts';

/** So much that nothing is refused: what is measured is what it costs to ask. */
const plenty = 1_000_000_000;
const budgetUsd = 1_000_000;

/**
 * zeke with every rule of a company on: keys that belong to a user of a team of an organisation, a
 * budget at each level, of the provider and of a tag, rate limits of key, team, address and model,
 * and groups of models among which the one with the shortest time to a first token is chosen.
 */
export function governed(options: ZekeOptions): Promise<Zeke> {
  return startZeke(options, 0, {
    name: 'governed',
    title: 'zeke with all rules',
    configuration,
    createKey,
    modelPrefix: ({ behaviour }) => (behaviour === 'raced' ? 'raced-' : 'ruled-'),
    headers: { 'x-project': 'benchmark' },
  });
}

function configuration(emulatorPort: number): string {
  const { openai, anthropic } = models;
  return `
[providers.second-openai]
type = "openai"
base_url = "http://127.0.0.1:${emulatorPort}/v1"
api_key = "${providerKey}"
models = ["${openai}"]

[providers.late-openai]
type = "openai"
base_url = "http://127.0.0.1:${emulatorPort}/late/v1"
api_key = "${providerKey}"
models = ["${openai}"]

[models."ruled-${openai}"]
strategy = "least_latency"
candidates = ["emulated-openai/${openai}", "second-openai/${openai}"]

[models."ruled-${anthropic}"]
strategy = "least_latency"
candidates = ["emulated-anthropic/${anthropic}"]

[models."raced-${openai}"]
strategy = "race"
candidates = ["emulated-openai/${openai}", "late-openai/${openai}"]

[limits]
enabled = true
default_tier = "measured"
address_tier = "measured"

[limits.tiers.measured]
requests_per_minute = ${plenty}
tokens_per_minute = ${plenty}
concurrent = 100000

[limits.owners]
company = "measured"

[limits.models]
"${openai}" = "measured"
"${anthropic}" = "measured"
`;
}

async function createKey(ask: AdminCall): Promise<string> {
  const { id: org } = (await ask('/admin/orgs', 'POST', { name: 'company' })) as Entity;
  const { id: team } = (await ask('/admin/teams', 'POST', {
    name: 'team',
    org_id: org,
  })) as Entity;
  const { id: user } = (await ask('/admin/users', 'POST', {
    name: 'user',
    org_id: org,
    team_id: team,
    role: 'member',
  })) as Entity;
  const key = await ask('/admin/keys', 'POST', { name: 'benchmark', user_id: user });
  const spenders = [
    ['org', org],
    ['team', team],
    ['user', user],
    ['key', (key as Entity).id],
    ['provider', 'emulated-openai'],
    ['tag', 'project=benchmark'],
  ];
  for (const [kind, id] of spenders) {
    for (const period of ['day', 'month']) {
      const budget = { kind, id, period, mode: 'hard', limit_usd: budgetUsd };
      await ask('/admin/budgets', 'PUT', budget);
    }
  }
  return secretOf(key);
}

interface Entity {
  id: string;
}
