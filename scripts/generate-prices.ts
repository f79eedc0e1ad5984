/**
 * Writes the prices of the pinned `@pydantic/genai-prices`, corrected, with no more than the gateway
 * prices by: `bun scripts/generate-prices.ts`. A test of the gateway checks that they are in sync.
 */
import { dirname, join } from 'node:path';
import { catalogueText } from '../packages/gateway/src/governance/prices/catalogue-text.ts';
import { correctVendors } from '../packages/gateway/src/governance/prices/corrections.ts';
import { readGenaiPrices } from '../packages/gateway/src/governance/prices/read-genai-prices.ts';

const name = '@pydantic/genai-prices';
const prices = new URL('../packages/gateway/src/governance/prices/', import.meta.url).pathname;
const entry = Bun.resolveSync(name, prices);
const { version } = await Bun.file(join(dirname(entry), '../package.json')).json();
const { waitForUpdate } = await import(entry);
const vendors = correctVendors(readGenaiPrices(await waitForUpdate()));
await Bun.write(
  join(prices, 'gen/catalogue.json'),
  catalogueText({ source: `genai-prices ${version}`, vendors }),
);
