/**
 * Writes the prices of models.dev that a test of the gateway compares ours with:
 * `bun scripts/models-dev-prices.ts`. They are read from the npm package of opencode that the suite
 * of coding agents pins, whose program carries models.dev's whole `api.json`; `npm run test:clients`
 * installs it.
 */
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const prices = join(root, 'packages/gateway/src/governance/prices');
const name = `opencode-${process.platform}-${process.arch}`;
const folder = join(root, 'tests/clients/agents/node_modules', name);

/** Vendors that we price by the catalogue, by models.dev's names. */
const providers = [
  'openai',
  'anthropic',
  'google',
  'google-vertex',
  'amazon-bedrock',
  'azure',
  'xai',
  'groq',
  'mistral',
  'deepseek',
];

interface Rates {
  input?: number;
  output?: number;
  cache_read?: number;
  cache_write?: number;
}
interface Model {
  id: string;
  last_updated: string;
  cost?: Rates & { tiers?: (Rates & { tier: { type: string; size: number } })[] };
}

const { version } = await Bun.file(join(folder, 'package.json')).json();
const program = await Bun.file(join(folder, 'bin/opencode')).bytes();
const data = modelsDevIn(Buffer.from(program).toString('latin1'));
const everyModel = Object.values(data).flatMap(({ models }) => Object.values(models));
const about = {
  about: 'Prices in USD for a million tokens, facts to check our catalogue against.',
  source: `https://models.dev/api.json, as the npm package ${name} ${version} carries it`,
  date: everyModel
    .map((model) => model.last_updated)
    .toSorted()
    .at(-1),
  licence: 'MIT, Copyright (c) 2025 models.dev',
};
const blocks = providers.map((provider) => {
  const models = Object.values(data[provider]?.models ?? {})
    .filter(({ cost }) => cost)
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const lines = models.map(
    ({ id, cost = {} }) => `${JSON.stringify(id)}:${JSON.stringify(fact(cost))}`,
  );
  return `${JSON.stringify(provider)}:{\n${lines.join(',\n')}\n}`;
});
const head = JSON.stringify(about, null, 2).slice(0, -2);
await Bun.write(
  join(prices, 'fixtures/models-dev.json'),
  `${head},\n  "providers": {\n${blocks.join(',\n')}\n}\n}\n`,
);

/** The literal of `api.json` in the bundled program's JavaScript, which begins with any provider. */
function modelsDevIn(text: string): Record<string, { models: Record<string, Model> }> {
  const start = text.search(/\{"?[\w.-]+"?:\{id:"[\w.-]+",env:\[[^\]]*\],npm:"[^"]+",/);
  if (start < 0) throw new Error(`${name} ${version} has no data of models.dev where it was`);
  const token = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|![01]|[{}]/gs;
  token.lastIndex = start;
  let json5 = '';
  let end = start;
  let depth = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const [part] = found;
    json5 += text.slice(end, found.index) + asJson5(part);
    end = token.lastIndex;
    if (part === '{') depth += 1;
    if (part === '}') depth -= 1;
    if (depth === 0) break;
  }
  return Bun.JSON5.parse(json5) as ReturnType<typeof modelsDevIn>;
}

/** What a minifier writes that JSON5 lacks. */
function asJson5(part: string): string {
  if (part === '!0') return 'true';
  if (part === '!1') return 'false';
  if (!part.startsWith('`')) return part;
  if (part.includes('${')) throw new Error(`not a plain text: ${part}`);
  return `"${part.slice(1, -1).replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function fact({ tiers, ...base }: NonNullable<Model['cost']>): object {
  const over = tiers?.map(({ tier, ...rates }) => {
    if (tier.type !== 'context') throw new Error(`a tier by ${tier.type}`);
    return { inputTokens: tier.size, ...ratesOf(rates) };
  });
  return { ...ratesOf(base), ...(over ? { over } : {}) };
}

function ratesOf({ input, output, cache_read, cache_write }: Rates): object {
  return { input, output, cachedInput: cache_read, cacheWrite5m: cache_write };
}
