import type { ModelAliasConfig, SessionSource } from './resolved-config.ts';
import type { ValidConfig } from './schema.ts';

type Alias = ValidConfig['models'][string];

const defaultSessionBy: readonly SessionSource[] = ['id', 'conversation'];

/** What an alias says of sessions; nothing where none is kept. */
export function resolveSessions({
  session_by: sessionBy,
  stickiness,
}: Alias): Pick<ModelAliasConfig, 'sessionBy' | 'stickiness'> {
  if (stickiness === 'none') return {};
  return { stickiness, sessionBy: (sessionBy as SessionSource[] | undefined) ?? defaultSessionBy };
}

/** Whoever says how sessions are told apart wants them to be kept: `fault` is told of others. */
export function checkSessions(
  models: ValidConfig['models'],
  fault: (path: readonly string[], message: string) => void,
): void {
  for (const [name, { session_by: by, stickiness }] of Object.entries(models)) {
    if (by === undefined || stickiness !== 'none') continue;
    fault([name, 'session_by'], 'no session is kept: set stickiness to session or turn');
  }
}
