import { readFile } from 'node:fs/promises';
import type { Tool } from '@modelcontextprotocol/server';
import { withFileLock, writeFileAtomically } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { ToolChange } from './mcp-call.ts';

/** Tools that are remembered of all servers. */
const maxPinnedTools = 20_000;
/** Characters of a description that are kept, for the difference that people are shown. */
const maxKeptChars = 20_000;

const pinSchema = z.object({ hash: z.string(), told: z.string() });
const fileSchema = z.record(z.string(), z.record(z.string(), pinSchema));

type Pins = z.infer<typeof fileSchema>;

/**
 * How tools of other servers described themselves when they were first seen, or last accepted, in a file:
 * one that says something else later may mean something else.
 */
export class ToolPins {
  readonly #path: string;
  #pins: Promise<Pins> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Pins the tools of a server that were not known. Gives those that have changed since, by name. */
  async compare(server: string, tools: readonly Tool[]): Promise<Map<string, ToolChange>> {
    const known = (await this.#read())[server] ?? {};
    const fresh = tools.filter(({ name }) => !Object.hasOwn(known, name));
    if (fresh.length > 0) await this.#write(server, fresh);
    const changes = new Map<string, ToolChange>();
    for (const tool of tools) {
      const pin = Object.hasOwn(known, tool.name) ? known[tool.name] : undefined;
      if (!pin || pin.hash === hashOf(tool)) continue;
      const diff = difference(pin.told, toldOf(tool));
      changes.set(tool.name, { server, tool: tool.name, diff });
    }
    return changes;
  }

  /** From now on this is how the tool is known. */
  async accept(server: string, tool: Tool): Promise<void> {
    await this.#write(server, [tool]);
  }

  /** Forgets a server. */
  async forget(server: string): Promise<void> {
    await this.#change((pins) => {
      delete pins[server];
    });
  }

  #write(server: string, tools: readonly Tool[]): Promise<void> {
    return this.#change((pins) => {
      const own = { ...pins[server] };
      for (const tool of tools) {
        own[tool.name] = { hash: hashOf(tool), told: toldOf(tool).slice(0, maxKeptChars) };
      }
      pins[server] = own;
      const count = Object.values(pins).reduce((sum, each) => sum + Object.keys(each).length, 0);
      if (count <= maxPinnedTools) return;
      throw new RpcError(
        'resource_exhausted',
        `${this.#path}: more than ${maxPinnedTools} tools are known; remove servers that are not used`,
      );
    });
  }

  async #change(edit: (pins: Pins) => void): Promise<void> {
    await withFileLock(`${this.#path}.lock`, async () => {
      this.#pins = undefined;
      const pins = structuredClone(await this.#read());
      edit(pins);
      await writeFileAtomically(this.#path, `${JSON.stringify(pins, undefined, 2)}\n`, 0o600);
      this.#pins = Promise.resolve(pins);
    });
  }

  #read(): Promise<Pins> {
    this.#pins ??= this.#load();
    return this.#pins;
  }

  async #load(): Promise<Pins> {
    try {
      return fileSchema.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw new RpcError(
        'failed_precondition',
        `${this.#path}: it can't be read; delete it, and every tool of another server counts as new`,
        { cause },
      );
    }
  }
}

/** All that a model is told of a tool, in one order. */
function toldOf({
  annotations,
  description,
  inputSchema,
  name,
  outputSchema,
  title,
}: Tool): string {
  return JSON.stringify(
    sorted({ name, title, description, inputSchema, outputSchema, annotations }),
    undefined,
    2,
  );
}

function hashOf(tool: Tool): string {
  return new Bun.CryptoHasher('sha256').update(toldOf(tool)).digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

/** Lines that went, and lines that came. */
function difference(before: string, after: string): string {
  const [old, young] = [before.split('\n'), after.split('\n')];
  const [had, has] = [new Set(old), new Set(young)];
  return [
    ...old.filter((line) => !has.has(line)).map((line) => `- ${line.trim()}`),
    ...young.filter((line) => !had.has(line)).map((line) => `+ ${line.trim()}`),
  ].join('\n');
}
