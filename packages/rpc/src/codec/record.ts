type Entries<T> = Readonly<Record<string, T | undefined>> | undefined;

/** Sets an own property: plain assignment of `__proto__` would set the prototype. */
export function setOwn<T>(record: Record<string, T>, key: string, value: T): void {
  if (key !== '__proto__') {
    record[key] = value;
    return;
  }
  Object.defineProperty(record, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** An own copy of a map, without what is undefined in it. */
export function copyMap<T>(map: Entries<T>): Record<string, T> {
  const copy: Record<string, T> = {};
  if (map === undefined) return copy;
  for (const key of Object.keys(map)) {
    const value = map[key];
    if (value !== undefined) setOwn(copy, key, value);
  }
  return copy;
}

/** A map with a message for each value that is not undefined. */
export function createMap<Init, T>(
  map: Entries<Init>,
  create: (init: Init) => T,
): Record<string, T> {
  const created: Record<string, T> = {};
  if (map === undefined) return created;
  for (const key of Object.keys(map)) {
    const value = map[key];
    if (value !== undefined) setOwn(created, key, create(value));
  }
  return created;
}
