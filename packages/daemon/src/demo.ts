import { type ProviderConfig, Secret } from '@zeke/foundation';

/** Emulated providers, running in this process. */
export interface Demo extends AsyncDisposable {
  /** To be used like configured ones; every name begins with `demo-`. */
  readonly providers: readonly ProviderConfig[];
}

const demoPrefix = 'demo-';

/** The names of the emulated providers. */
export const demoProviderNames = ['demo-openai', 'demo-anthropic', 'demo-gemini', 'demo-ollama'];

/** Real providers are taken before emulated ones where both have a model. */
const demoPriority = 900;

/** Any key will do: nobody but this process knows the ports. */
const demoKey = 'emulated';

/**
 * Starts emulators of model providers on free loopback ports. They speak the real protocols; the
 * answers are canned and say that they are emulated. Loaded here and not before.
 */
export async function startDemo(): Promise<Demo> {
  const { startAnthropicEmulator, startGeminiEmulator, startOllamaEmulator, startOpenAiEmulator } =
    await import('@zeke/emulators');
  await using starting = new AsyncDisposableStack();
  const openai = starting.use(startOpenAiEmulator());
  const anthropic = starting.use(startAnthropicEmulator());
  const gemini = starting.use(startGeminiEmulator());
  const ollama = starting.use(startOllamaEmulator());
  const common = { headers: {}, priority: demoPriority, apiKey: new Secret(demoKey) };
  const providers: ProviderConfig[] = [
    {
      ...common,
      type: 'openai',
      name: 'demo-openai',
      baseUrl: `${openai.url}/v1`,
      defaultModel: 'gpt-5-mini',
    },
    { ...common, type: 'anthropic', name: 'demo-anthropic', baseUrl: anthropic.url },
    { ...common, type: 'gemini', name: 'demo-gemini', baseUrl: `${gemini.url}/v1beta` },
    { ...common, type: 'ollama', name: 'demo-ollama', baseUrl: ollama.url },
  ];
  const running = starting.move();
  return { providers, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** True for the name of an emulated provider. */
export function isDemoProvider(name: string): boolean {
  return name.startsWith(demoPrefix);
}
