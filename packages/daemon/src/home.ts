import type { Composition } from './compose.ts';
import { statusPage } from './status-page.ts';

/** `GET /`: the status page, as whoever is logged in is to see it. */
export async function home(
  request: Request,
  { gateway, settings }: Pick<Composition, 'gateway' | 'settings'>,
  isSecure: boolean,
): Promise<Response> {
  const person = settings.auth.oidc ? await personOf(request, gateway) : undefined;
  return statusPage(request, {
    ...settings,
    isSecure,
    ...(person === undefined ? {} : { person }),
  });
}

/** Who is logged in in this browser; undefined where nobody is, or whose login has ended. */
async function personOf(
  { headers, url }: Request,
  gateway: Pick<Composition['gateway'], 'handle'>,
): Promise<string | undefined> {
  const cookie = headers.get('cookie');
  if (cookie === null) return undefined;
  const asked = new Request(new URL('/auth/whoami', url).href, { headers: { cookie } });
  const answer = await gateway.handle(asked);
  const who = (await answer.json()) as { credential?: string; owner?: string };
  return answer.ok && who.credential === 'login' ? (who.owner ?? '') : undefined;
}
