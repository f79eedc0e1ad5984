import type { Keychain } from '../keychain.ts';

/** A keychain that is not there, as on a server. */
export const noKeychain: Keychain = {
  get: () => Promise.reject(new Error('no secret service')),
  set: () => Promise.reject(new Error('no secret service')),
  delete: () => Promise.reject(new Error('no secret service')),
};

/** A keychain that keeps its entries in `values`, by their names. */
export function memoryKeychain(values = new Map<string, string>()): Keychain {
  return {
    get: async ({ name }) => values.get(name) ?? null,
    set: async ({ name, value }) => void values.set(name, value),
    delete: async ({ name }) => values.delete(name),
  };
}
