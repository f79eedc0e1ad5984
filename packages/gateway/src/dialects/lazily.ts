import type { z } from 'zod';

/**
 * What `build` makes, made at the first call and kept. Schemas are made so: they cost time and
 * memory, and a process that passes requests through needs none of them.
 */
export function lazily<Value extends object>(build: () => Value): () => Value {
  let built: Value | undefined;
  return () => {
    built ??= build();
    return built;
  };
}

/** What a schema made with `lazily` gives for a valid value. */
export type OutputOf<Schema extends () => z.ZodType> = z.output<ReturnType<Schema>>;
