/** A set of environment variables; undefined ones are absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandEnvironmentOptions {
  /** Of the process that starts commands. */
  readonly environment: Environment;
  /** Names that stay although they look like secrets. */
  readonly keep?: readonly string[];
  /** Set for this command by who asked for it. */
  readonly extra?: Readonly<Record<string, string>>;
  readonly hasTerminal?: boolean;
}

/**
 * The environment of commands: the user's, without secrets (`*_TOKEN`, `*_KEY`, … and all of `ZEKE_*`),
 * without what makes a shell run other code, and without sockets of agents and desktops. Programs that
 * would wait for a person are told not to.
 */
export function commandEnvironment(options: CommandEnvironmentOptions): Record<string, string> {
  const { environment, keep = [], extra = {}, hasTerminal = false } = options;
  const kept = new Set(keep);
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (kept.has(name) || !(isSecret(name, value) || isCode(name))) found[name] = value;
  }
  return {
    ...found,
    ...(hasTerminal ? { TERM: 'xterm-256color' } : { TERM: 'dumb' }),
    PAGER: 'cat',
    GIT_PAGER: 'cat',
    GIT_EDITOR: 'true',
    GIT_TERMINAL_PROMPT: '0',
    DEBIAN_FRONTEND: 'noninteractive',
    // A folder that only looks like a repository must not configure git.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.bareRepository',
    GIT_CONFIG_VALUE_0: 'explicit',
    ...extra,
  };
}

/** The variable holds a secret, or leads to one, as its name or its value say. */
function isSecret(name: string, value: string): boolean {
  return secretName.test(name) || /^[a-z][a-z\d+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i.test(value);
}

const secretName = new RegExp(
  '^ZEKE_|^(?:OPENAI|ANTHROPIC|GEMINI|MISTRAL|GROQ|XAI|DEEPSEEK|OPENROUTER|AZURE|AWS|GOOGLE|VAULT|REAPER)_' +
    '|(?:^|_)(?:TOKENS?|KEYS?|APIKEY|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|PASS|PWD_?HASH|CREDENTIALS?|COOKIES?|AUTH|PAT|DSN)(?:$|_)' +
    '|^(?:SSH_AUTH_SOCK|SSH_AGENT_PID|GPG_AGENT_INFO|GNUPGHOME|DBUS_SESSION_BUS_ADDRESS|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY' +
    '|XDG_RUNTIME_DIR|DOCKER_HOST|KUBECONFIG|NETRC|PGPASSFILE)$',
  'i',
);

/** A shell or a loader runs what stands in it. */
function isCode(name: string): boolean {
  return /^BASH_FUNC_|^(?:BASH_ENV|ENV|SHELLOPTS|BASHOPTS|CDPATH|GLOBIGNORE|PS4|PROMPT_COMMAND|LD_PRELOAD|LD_AUDIT|IFS)$/.test(
    name,
  );
}
