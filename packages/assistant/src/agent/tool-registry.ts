import { nearest } from '@zeke/foundation';
import type { ModelTool } from '../model/model-client.ts';
import type { Tool } from '../tools/tool.ts';

/** Descriptions of deferrable tools may take this part of the model's window. */
const windowPart = 0.1;
/** Where nobody says how large the window is, in tokens. */
const assumedWindow = 128_000;
/** Characters of JSON in one token, about. */
const charactersPerToken = 3.5;

export interface ToolRegistryOptions {
  readonly tools: readonly Tool[];
  /** Tools of MCP servers, which may be many. */
  readonly deferrable?: readonly Tool[];
  readonly contextWindow?: number | undefined;
}

/**
 * The tools of one run, by name and alias; where two have one name, the first counts. Those that may be
 * deferred are shown to the model only as far as it has found them, when all of their descriptions would
 * take over a tenth of its window.
 */
export class ToolRegistry {
  readonly isDeferring: boolean;
  readonly #shown: readonly Tool[];
  readonly #deferrable: ReadonlyMap<string, Tool>;
  readonly #byName = new Map<string, Tool>();

  constructor({ tools, deferrable = [], contextWindow }: ToolRegistryOptions) {
    this.#shown = tools.filter(
      ({ name }, at) => at === tools.findIndex((tool) => tool.name === name),
    );
    const others = deferrable.filter(({ name }) => !tools.some((tool) => tool.name === name));
    this.#deferrable = new Map(others.map((tool) => [tool.name, tool]));
    for (const tool of [...this.#shown, ...others]) this.#add(tool.name, tool);
    for (const tool of [...this.#shown, ...others]) {
      for (const alias of tool.aliases ?? []) this.#add(alias, tool);
    }
    const tokens = JSON.stringify(others.map(modelTool)).length / charactersPerToken;
    this.isDeferring = tokens > (contextWindow ?? assumedWindow) * windowPart;
  }

  get(name: string): Tool | undefined {
    return this.#byName.get(name);
  }

  /** Names that a mistyped one may have meant. */
  nearest(name: string): readonly string[] {
    return nearest(name, this.#byName.keys());
  }

  /** What the model is told of, in an order that stays: `found` are deferred ones that it knows. */
  shown(found: ReadonlySet<string>): readonly ModelTool[] {
    const deferred = [...this.#deferrable.values()];
    const visible = this.isDeferring ? deferred.filter(({ name }) => found.has(name)) : deferred;
    return [...this.#shown, ...visible].map(modelTool);
  }

  isDeferred(name: string): boolean {
    return this.isDeferring && this.#deferrable.has(name);
  }

  get deferred(): readonly Tool[] {
    return this.isDeferring ? [...this.#deferrable.values()] : [];
  }

  #add(name: string, tool: Tool): void {
    if (!this.#byName.has(name)) this.#byName.set(name, tool);
  }
}

/** A tool as a model is told of it. */
export function modelTool({ name, description, parameters }: Tool): ModelTool {
  return { name, description, parameters };
}
