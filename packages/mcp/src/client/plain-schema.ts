type Json = Readonly<Record<string, unknown>>;

/** Parts of a schema after references have been written out; beyond, what follows is not checked. */
const maxParts = 2_000;
/** How deep they may stand in each other. */
const maxDepth = 64;

/**
 * A server's JSON Schema as far as it can be checked at a cost that the schema cannot drive up: references
 * are written out, up to 2,000 parts; patterns and formats, which can take for ever, and what depends on
 * them, are left out. What a plain schema refuses the whole one refuses, too, but for `not` and for choices
 * (`oneOf`, `if`), which are left out where something within was.
 */
export function plainSchema(schema: Json): Json {
  return new Plain(schema).of(schema, 0, []).schema;
}

/** What a part became, and whether it lets through all that it did not before. */
interface Part {
  readonly schema: Json;
  readonly isWhole: boolean;
}

const anything: Part = { schema: {}, isWhole: false };

/** By keyword, where schemas stand below it. */
const single = new Set(['additionalProperties', 'items', 'propertyNames']);
const lists = new Set(['allOf', 'anyOf', 'prefixItems']);
const tables = new Set(['properties', 'dependentSchemas']);
/** They take a part for what it refuses: less than the whole of it would refuse what should pass. */
const exacting = new Set(['not', 'oneOf']);
/** Said in words that cost nothing to check. */
const simple = new Set([
  'type',
  'enum',
  'const',
  'required',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
]);
/** They change nothing about what passes. */
const words = new Set([
  '$schema',
  '$id',
  '$defs',
  'definitions',
  '$comment',
  '$anchor',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

class Plain {
  readonly #root: Json;
  #parts = 0;

  constructor(root: Json) {
    this.#root = root;
  }

  /** `open` has the references that are being written out. */
  of(value: unknown, depth: number, open: readonly string[]): Part {
    if (value === true) return { schema: {}, isWhole: true };
    if (value === false) return { schema: { not: {} }, isWhole: true };
    this.#parts += 1;
    if (!isTable(value) || depth > maxDepth || this.#parts > maxParts) return anything;
    const { $ref: reference } = value;
    if (reference !== undefined) return this.#referred(reference, value, depth, open);
    return this.#table(value, depth, open);
  }

  #referred(reference: unknown, value: Json, depth: number, open: readonly string[]): Part {
    const { $ref: _, ...beside } = value;
    const rest = this.#table(beside, depth + 1, open);
    if (typeof reference !== 'string' || open.includes(reference))
      return { ...rest, isWhole: false };
    const found = pointedAt(this.#root, reference);
    if (found === undefined) return { ...rest, isWhole: false };
    const target = this.of(found, depth + 1, [...open, reference]);
    return {
      schema: { allOf: [target.schema, rest.schema] },
      isWhole: target.isWhole && rest.isWhole,
    };
  }

  #table(value: Json, depth: number, open: readonly string[]): Part {
    const schema: Record<string, unknown> = {};
    let isWhole = true;
    for (const [keyword, given] of Object.entries(value)) {
      if (words.has(keyword)) continue;
      const part = this.#keyword(keyword, given, depth, open);
      if (!part.isWhole) isWhole = false;
      if (part.isWhole || !exacting.has(keyword)) Object.assign(schema, part.schema);
    }
    if ('patternProperties' in value) delete schema.additionalProperties;
    return { schema, isWhole };
  }

  #keyword(keyword: string, given: unknown, depth: number, open: readonly string[]): Part {
    if (simple.has(keyword)) return { schema: { [keyword]: given }, isWhole: true };
    if ((single.has(keyword) || keyword === 'not') && !Array.isArray(given)) {
      const { isWhole, schema } = this.of(given, depth + 1, open);
      return { schema: { [keyword]: schema }, isWhole };
    }
    if ((lists.has(keyword) || keyword === 'oneOf') && Array.isArray(given)) {
      const parts = given.map((each) => this.of(each, depth + 1, open));
      return together(
        keyword,
        parts.map(({ schema }) => schema),
        parts,
      );
    }
    if (tables.has(keyword) && isTable(given)) {
      const entries = Object.entries(given).map(
        ([name, each]) => [name, this.of(each, depth + 1, open)] as const,
      );
      const schemas = Object.fromEntries(entries.map(([name, { schema }]) => [name, schema]));
      return together(
        keyword,
        schemas,
        entries.map(([, part]) => part),
      );
    }
    return anything;
  }
}

function together(keyword: string, value: unknown, parts: readonly Part[]): Part {
  return { schema: { [keyword]: value }, isWhole: parts.every(({ isWhole }) => isWhole) };
}

/** What a reference within the document leads to (RFC 6901); undefined for any other. */
function pointedAt(root: Json, reference: string): unknown {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let value: unknown = root;
  for (const part of reference.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Json)[key];
  }
  return value;
}

function isTable(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
