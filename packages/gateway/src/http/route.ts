import type { Action } from '../governance/permissions.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { ErrorEncoder, Exchange } from './exchange.ts';
import type { Services } from './services.ts';

/** One endpoint: what it is called in metrics, how it tells errors, what it needs, what it does. */
export interface Route {
  name: string;
  error: ErrorEncoder;
  /** What the caller must be allowed to do; `identity`: nothing, but to be somebody we know. */
  needs: 'nothing' | 'identity' | Action;
  /** Of endpoints that call models: their refusals are put on the ledger. */
  dialect?: DialectName;
  /** It finds out itself who its caller is, and is open to all: what it refuses is a caller refused. */
  authenticates?: boolean;
  /** Its clients put keys into the query's `key`. */
  takesKeyInQuery?: boolean;
  /** A list, or what is kept here: it does not count for rate limits. */
  isLookup?: boolean;
  /** The action that stands on the audit log: every change over the admin API. */
  audits?: string;
  handle(
    services: Services,
    exchange: Exchange,
    parameters: readonly string[],
  ): Promise<Response> | Response;
}

interface PatternRoute {
  method: string;
  /** With `*` for one part of the path, `**` at the end for the rest. */
  parts: string[];
  route: Route;
}

/** Finds routes: literal paths by one look-up, patterns in order of their length after that. */
export class Router {
  readonly #literal = new Map<string, Route>();
  readonly #patterns: PatternRoute[] = [];
  readonly #methods = new Map<string, Set<string>>();
  readonly #paths = new Map<Route, string>();

  /** `pattern` is `METHOD /path`; `*` in the path stands for one part, a last `**` for all the rest. */
  add(pattern: string, route: Route): void {
    const space = pattern.indexOf(' ');
    const method = pattern.slice(0, space);
    const path = pattern.slice(space + 1);
    this.#paths.set(route, path);
    if (!path.includes('*')) {
      this.#literal.set(pattern, route);
      const methods = this.#methods.get(path) ?? new Set();
      this.#methods.set(path, methods.add(method));
      return;
    }
    this.#patterns.push({ method, parts: path.split('/'), route });
    this.#patterns.sort((a, b) => b.parts.length - a.parts.length);
  }

  /** Those of its routes that are kept, as a router of their own. */
  only(keep: (route: Route) => boolean): Router {
    const kept = new Router();
    for (const [pattern, route] of this.#literal) if (keep(route)) kept.add(pattern, route);
    for (const { method, parts, route } of this.#patterns) {
      if (keep(route)) kept.add(`${method} ${parts.join('/')}`, route);
    }
    return kept;
  }

  /** What answers a request; `HEAD` is answered as `GET` is. */
  find(method: string, path: string): { route: Route; parameters: readonly string[] } | undefined {
    const literal = this.#literal.get(`${method} ${path}`);
    if (literal) return { route: literal, parameters: none };
    return this.#match(method, path) ?? (method === 'HEAD' ? this.find('GET', path) : undefined);
  }

  #match(
    method: string,
    path: string,
  ): { route: Route; parameters: readonly string[] } | undefined {
    const parts = path.split('/');
    for (const pattern of this.#patterns) {
      if (pattern.method !== method && pattern.method !== '*') continue;
      const parameters = match(pattern.parts, parts);
      if (parameters) return { route: pattern.route, parameters };
    }
    return undefined;
  }

  /** The path of a route, with `*` for its variable parts. */
  pathOf(route: Route): string {
    return this.#paths.get(route) ?? '';
  }

  /** All routes, each with its method. */
  routes(): { method: string; route: Route }[] {
    const literal = [...this.#literal].map(([pattern, route]) => {
      return { method: pattern.slice(0, pattern.indexOf(' ')), route };
    });
    return [...literal, ...this.#patterns];
  }

  /** The paths without a variable part that take a method. */
  paths(method: string): string[] {
    return [...this.#methods].flatMap(([path, methods]) => (methods.has(method) ? [path] : []));
  }

  /** The methods that a path takes, if there is something there. */
  methodsOf(path: string): string[] {
    const parts = path.split('/');
    const fitting = this.#patterns.filter((pattern) => match(pattern.parts, parts));
    return [
      ...new Set([...(this.#methods.get(path) ?? []), ...fitting.map((each) => each.method)]),
    ];
  }
}

const none: readonly string[] = [];

function match(pattern: readonly string[], parts: readonly string[]): string[] | undefined {
  const found: string[] = [];
  for (const [index, expected] of pattern.entries()) {
    if (expected === '**') {
      if (parts.length <= index) return undefined;
      found.push(parts.slice(index).join('/'));
      return found;
    }
    const part = parts[index];
    if (part === undefined) return undefined;
    if (expected === '*') found.push(decode(part));
    else if (expected !== part) return undefined;
  }
  return parts.length === pattern.length ? found : undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
