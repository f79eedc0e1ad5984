/** How to point one kind of client at the gateway. */
export interface ConnectHint {
  readonly client: string;
  /** Lines for a shell, one variable each, to be copied as they are. */
  readonly lines: readonly string[];
}

/** Stands where clients want a key and the gateway wants none. */
export const placeholderKey = 'none';

/** Stands where a key belongs that its owner has to put there. */
const ownKey = 'zk-…';

export interface ConnectHintsOptions {
  /** The gateway's address, without a slash at its end. */
  readonly url: string;
  /** True where callers need a key. */
  readonly requireAuth: boolean;
}

/** What the clients' own environment variables must say. */
export function connectHints({ url, requireAuth }: ConnectHintsOptions): ConnectHint[] {
  const key = requireAuth ? ownKey : placeholderKey;
  return [
    hint('OpenAI', { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: key }),
    hint('Anthropic', { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: key }),
    hint('Gemini', { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: key }),
    // Ollama's own command has no variable for the key of another server than Ollama's.
    ...(requireAuth ? [] : [hint('Ollama', { OLLAMA_HOST: url })]),
  ];
}

function hint(client: string, variables: Readonly<Record<string, string>>): ConnectHint {
  return {
    client,
    lines: Object.entries(variables).map(([name, value]) => `export ${name}=${value}`),
  };
}
