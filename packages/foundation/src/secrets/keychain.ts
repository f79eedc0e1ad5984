/** What of `Bun.secrets` is used. */
export interface Keychain {
  get(options: { service: string; name: string }): Promise<string | null>;
  set(options: { service: string; name: string; value: string }): Promise<void>;
  delete(options: { service: string; name: string }): Promise<boolean>;
}

/** Entries of one service in the operating system's keychain, by their names. */
export interface KeychainEntries {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
  /** False when there was none. */
  delete(name: string): Promise<boolean>;
}

const service = 'zeke';
const probeName = 'zeke-probe';

/** A keychain that waits for somebody to unlock it would hold up a server for ever. */
const probeTimeoutMs = 2_000;

/**
 * The operating system's keychain (macOS Keychain, Secret Service, Windows Credential Manager);
 * undefined when none answers.
 */
export async function openKeychain(keychain: Keychain): Promise<KeychainEntries | undefined> {
  if (!(await answers(keychain))) return undefined;
  return {
    get: async (name) => (await keychain.get({ service, name })) ?? undefined,
    set: (name, value) => keychain.set({ service, name, value }),
    delete: (name) => keychain.delete({ service, name }),
  };
}

async function answers(keychain: Keychain): Promise<boolean> {
  const silence = Promise.withResolvers<false>();
  const timer = setTimeout(() => silence.resolve(false), probeTimeoutMs);
  const probe = keychain.get({ service, name: probeName }).then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([probe, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}
