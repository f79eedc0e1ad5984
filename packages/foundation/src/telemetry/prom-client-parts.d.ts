/** Parts of prom-client, whose own types are for the whole: https://github.com/siimon/prom-client */
declare module 'prom-client/lib/counter.js' {
  import { Counter } from 'prom-client';
  export = Counter;
}

declare module 'prom-client/lib/gauge.js' {
  import { Gauge } from 'prom-client';
  export = Gauge;
}

declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client';
  export = Registry;
}

// biome-ignore lint/correctness/noUnresolvedImports: a pattern for several files
declare module 'prom-client/lib/metrics/*' {
  import type { Registry } from 'prom-client';

  /** Makes a group of the metrics of a process. */
  function register(registry: Registry): void;
  export = register;
}
