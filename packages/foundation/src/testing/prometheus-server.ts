import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, withParent } from './server-process.ts';

export interface PrometheusOptions {
  /** `host:port` of what is to be scraped, once a second, at `/metrics`. */
  readonly target: string;
  /** Sent with every scrape, as a bearer token. */
  readonly key: string;
  /** The path of a file of rules. */
  readonly rules: string;
}

/** A real Prometheus that has scraped its target once; it ends when its owner is done. */
export interface TestPrometheus extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The answer to `GET /api/v1/<path>`, parsed. */
  get(path: string): Promise<unknown>;
}

/**
 * Starts Prometheus on a temporary folder, with exemplars. Throws when it is not installed: guard the
 * suite with `describe.skipIf(skipsWithout('prometheus'))`.
 */
export async function prometheusServer(options: PrometheusOptions): Promise<TestPrometheus> {
  const program = Bun.which('prometheus');
  if (program === null) throw new Error('Prometheus is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'zeke-prometheus-'));
  const file = join(folder, 'prometheus.yml');
  await Bun.write(file, configuration(options));
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string) => {
    const response = await fetch(`${url}/api/v1/${path}`);
    return response.json();
  };
  const server = await startServer({
    command: withParent([
      program,
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=error',
    ]),
    folder,
    ping: async () => {
      const { data } = (await get('query?query=up')) as {
        data: { result: { value: unknown[] }[] };
      };
      if (data.result[0]?.value[1] !== '1')
        throw new Error('Prometheus has not scraped its target');
    },
    signal: 'TERM',
  });
  return { url, get, [Symbol.asyncDispose]: () => server.stop() };
}

function configuration({ key, rules, target }: PrometheusOptions): string {
  return JSON.stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [
      {
        job_name: 'zeke',
        authorization: { credentials: key },
        static_configs: [{ targets: [target] }],
      },
    ],
  });
}

/** Free a moment ago: Prometheus does not tell which one it took. */
function freePort(): number {
  const taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = taken;
  taken.stop(true);
  return port;
}
