import { join } from 'node:path';
import { root } from './documentation.ts';

/** One query of a dashboard, with its panel's title. */
export interface DashboardQuery {
  panel: string;
  /** As Grafana sends it, its variables replaced. */
  expression: string;
}

export const dashboardPath: string = join(root, 'deploy/grafana/zeke.json');
export const alertsPath: string = join(root, 'deploy/prometheus/alerts.yaml');

interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
}

/** All queries of the dashboard. */
export async function dashboardQueries(): Promise<DashboardQuery[]> {
  const { panels } = (await Bun.file(dashboardPath).json()) as Dashboard;
  return panels.flatMap(({ targets = [], title }) =>
    targets.map(({ expr }) => ({
      panel: title,
      expression: expr.replaceAll('$__rate_interval', '1m').replaceAll('$provider', '.*'),
    })),
  );
}

/** What a PromQL expression names: metrics, and the labels it asks for or groups by. */
export function namesIn(expression: string): { metrics: string[]; labels: string[] } {
  const labels: string[] = [];
  const take = (list: string) => labels.push(...list.split(',').map((name) => name.trim()));
  const bare = expression
    .replaceAll(/\b(?:by|without)\s*\(([^)]*)\)/g, (_, list: string) => {
      take(list);
      return '';
    })
    .replaceAll(/\{([^}]*)\}/g, (_, matchers: string) => {
      for (const [, name = ''] of matchers.matchAll(/(\w+)\s*[=!]~?/g)) labels.push(name);
      return '';
    });
  const metrics = bare.match(/\b(?:zeke|gen_ai|process|nodejs)_\w+/g) ?? [];
  return { metrics, labels };
}
