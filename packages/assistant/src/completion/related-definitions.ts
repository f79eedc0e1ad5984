import { readText } from '../lsp/documents.ts';
import type { LanguageServers } from '../lsp/language-servers.ts';
import { linesOf } from '../lsp/positions.ts';
import { definitionsAt } from '../lsp/queries.ts';
import type { CompletionRequest, RelatedText, RelatedTexts } from './completion.ts';

/** Names near a cursor whose definitions are looked for. */
const maxNames = 4;
/** Lines of a definition that are told. */
const definitionLines = 12;
/** How long a look-up may take in the background, and how long it is waited for. */
const lookUpMs = 5_000;
const waitMs = 20;
/** Definitions that are remembered, and for how long. */
const maxKnown = 500;
const knownMs = 60_000;

export interface RelatedDefinitionsOptions {
  readonly servers: LanguageServers;
  /** In milliseconds; default `Date.now`. */
  readonly now?: () => number;
}

/**
 * Definitions of what is named in the lines before a cursor, from language servers. Hardly waits: what a
 * server does not tell at once is there for the next request. The first one starts the server.
 */
export class RelatedDefinitions implements RelatedTexts {
  readonly #servers: LanguageServers;
  readonly #now: () => number;
  readonly #known = new Map<
    string,
    { readonly at: number; readonly text: RelatedText | undefined }
  >();
  /** Documents that are being looked up; one look-up at a time for each. */
  readonly #lookingUp = new Set<string>();

  constructor({ servers, now = Date.now }: RelatedDefinitionsOptions) {
    this.#servers = servers;
    this.#now = now;
  }

  async related(request: CompletionRequest, signal: AbortSignal): Promise<RelatedText[]> {
    const names = namesNear(request.prefix);
    const missing = names.filter((name) => this.#get(request, name) === undefined);
    const key = `${request.project.root}\0${request.filePath}`;
    if (missing.length > 0 && !this.#lookingUp.has(key)) {
      this.#lookingUp.add(key);
      const lookUp = this.#lookUp(request, missing).finally(() => this.#lookingUp.delete(key));
      await orSoon(lookUp, signal);
    }
    const found = names.flatMap((name) => this.#get(request, name)?.text ?? []);
    return [...new Map(found.map((each) => [each.text, each])).values()];
  }

  #get(request: CompletionRequest, name: string) {
    const known = this.#known.get(keyOf(request, name));
    return known !== undefined && known.at + knownMs > this.#now() ? known : undefined;
  }

  async #lookUp(request: CompletionRequest, names: readonly string[]): Promise<void> {
    const { filePath: path, prefix, project, suffix } = request;
    const signal = AbortSignal.timeout(lookUpMs);
    const line = prefix.split('\n').length;
    for (const symbol of names) {
      const query = { project, path, line, symbol, text: prefix + suffix };
      // Without a server, or when it is late, completion does without.
      const found = await definitionsAt(this.#servers, query, signal).catch(() => undefined);
      if (found === undefined) break;
      const place = found.locations.find((each) => each.isInside && each.path !== path);
      const text = place && {
        path: place.path.slice(project.root.length + 1),
        text: await definitionText(place.path, place.span.start.line),
      };
      this.#remember(keyOf(request, symbol), text);
    }
  }

  #remember(key: string, text: RelatedText | undefined): void {
    this.#known.delete(key);
    this.#known.set(key, { at: this.#now(), text });
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}

function keyOf({ filePath, project }: CompletionRequest, name: string): string {
  return `${project.root}\0${filePath}\0${name}`;
}

async function definitionText(path: string, line: number): Promise<string> {
  const lines = linesOf(await readText(path).catch(() => ''));
  return lines.slice(line - 1, line - 1 + definitionLines).join('\n');
}

/** Names of the last lines that are called, looked into or types: the last first. */
function namesNear(prefix: string): string[] {
  const near = prefix.slice(-600).split('\n').slice(-4).join('\n');
  const names =
    near.match(/[\p{L}_$][\p{L}\p{N}_$]{2,}(?=[(.<])|\b\p{Lu}[\p{L}\p{N}_$]{2,}/gu) ?? [];
  return [...new Set(names.toReversed())].slice(0, maxNames);
}

async function orSoon(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, waitMs);
  const leave = () => resolve();
  signal.addEventListener('abort', leave, { once: true });
  void work.then(leave, leave);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', leave);
}
