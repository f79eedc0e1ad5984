import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Secret } from '@zeke/foundation';
import { prometheusServer, skipsWithout, type TestPrometheus } from '@zeke/foundation/testing';
import { allMetrics } from '../../scripts/metrics-page.ts';
import { alertsPath, dashboardPath, dashboardQueries, namesIn } from '../support/grafana.ts';
import { type House, startHouse } from '../support/house.ts';

const families = new Map((await allMetrics()).map((family) => [family.name, family]));
const queries = await dashboardQueries();

const key = 'the-key-of-the-operator';

/** The expressions of the alerts, each on its own. */
async function alertExpressions(): Promise<string[]> {
  const { groups } = Bun.YAML.parse(await Bun.file(alertsPath).text()) as {
    groups: { rules: { expr: string }[] }[];
  };
  return groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
}

function familyOf(sample: string) {
  return families.get(sample) ?? families.get(sample.replace(/_(bucket|sum|count)$/, ''));
}

describe('the dashboard and the alerts', () => {
  test('name metrics that there are, and labels that these have', async () => {
    const expressions = [
      ...queries.map((query) => query.expression),
      ...(await alertExpressions()),
    ];
    expect(expressions.length).toBeGreaterThan(30);
    for (const expression of expressions) {
      const { labels, metrics } = namesIn(expression);
      expect([expression, metrics.length > 0]).toEqual([expression, true]);
      const unknown = metrics.filter((metric) => familyOf(metric) === undefined);
      const known = metrics.flatMap((metric) => familyOf(metric)?.labels ?? []);
      const names = new Set(['le', ...known.map((name) => name.replaceAll('.', '_'))]);
      const wrong = labels.filter((label) => !names.has(label));
      expect({ expression, unknown, wrong }).toEqual({ expression, unknown: [], wrong: [] });
    }
  });

  test('show every metric of the gateway that is told at all times', async () => {
    const shown = new Set(queries.flatMap(({ expression }) => namesIn(expression).metrics));
    for (const name of ['requests_total', 'attempts_total', 'tokens_total', 'cost_usd_total']) {
      expect(shown).toContain(`zeke_gateway_${name}`);
    }
    const { templating } = await Bun.file(dashboardPath).json();
    expect(templating.list.map(({ name }: { name: string }) => name)).toEqual([
      'datasource',
      'provider',
    ]);
  });
});

describe.skipIf(skipsWithout('prometheus'))('a real Prometheus', () => {
  let house: House;
  let prometheus: TestPrometheus;
  beforeAll(async () => {
    house = await startHouse({ vendors: ['openai'], adminKey: new Secret(key) });
    const { gateway, url, apiKey } = house.served;
    for (const stream of [false, true]) {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'openai/gpt-4.1-mini',
          messages: [{ role: 'user', content: 'hi' }],
          stream,
        }),
      });
      expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    }
    await gateway.settled();
    prometheus = await prometheusServer({ target: new URL(url).host, key, rules: alertsPath });
    // It looks for new targets every five seconds.
  }, 30_000);
  afterAll(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await house?.[Symbol.asyncDispose]();
  });

  test('finds nothing wrong with the rules', async () => {
    const child = Bun.spawn(['promtool', 'check', 'rules', alertsPath], { stderr: 'pipe' });
    expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, '']);
    const { data } = (await prometheus.get('rules')) as {
      data: { groups: { rules: unknown[] }[] };
    };
    expect(data.groups[0]?.rules).toHaveLength((await alertExpressions()).length);
  });

  test('finds nothing wrong with the metrics', async () => {
    const child = Bun.spawn(['promtool', 'check', 'metrics'], {
      stdin: await fetch(`${house.served.url}/metrics`, {
        headers: { authorization: `Bearer ${key}` },
      }),
      stderr: 'pipe',
    });
    const complaints = await new Response(child.stderr).text();
    expect(complaints.split('\n').filter(Boolean)).toEqual([]);
  });

  test('answers every query of the dashboard', async () => {
    const answers = await Promise.all(
      queries.map(async ({ expression, panel }) => {
        const answer = await prometheus.get(`query?query=${encodeURIComponent(expression)}`);
        return [panel, (answer as { status: string }).status];
      }),
    );
    expect(answers).toEqual(queries.map(({ panel }) => [panel, 'success']));
  });

  test.each([
    'zeke_gateway_requests_total{endpoint="chat-completions",status="200"}',
    'zeke_gateway_tokens_total{provider="openai",model="gpt-4.1-mini",direction="output"}',
    'gen_ai_server_time_to_first_token_seconds_count',
    'zeke_gateway_open_streams',
  ])('has %s', async (series) => {
    const query = encodeURIComponent(series);
    const { data } = (await prometheus.get(`query?query=${query}`)) as {
      data: { result: unknown[] };
    };
    expect(data.result).toHaveLength(1);
  });
});
