import { type GatewayClient, openClient } from '../client.ts';
import type { AllowFlags, ConsentFlags } from '../commands/consent.ts';
import type { Context } from '../context.ts';
import { sending } from '../entities.ts';

/** A question as `/admin/consent` gives it. */
interface Consent {
  consent_id: string;
  decision?: string;
  for: { policy: string; reason?: string; [kind: string]: string | undefined }[];
  model: string;
  caller: string;
  owner?: string;
  session_id?: string;
  project?: string;
  expires_at: string;
}

/** Lists the questions that wait. */
export async function listConsents(context: Context, flags: ConsentFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const { data } = await client.json<{ data: Consent[] }>('/admin/consent');
  if (flags.json) return output.json({ consents: data });
  if (data.length === 0) return output.note('nothing waits for consent');
  output.table(
    ['ID', 'FOR', 'POLICY', 'WHO', 'SESSION', 'PROJECT', 'UNTIL'],
    data.map((consent) => [
      consent.consent_id,
      whatOf(consent),
      [...new Set(consent.for.map(({ policy }) => policy))].join(', '),
      consent.owner ?? consent.caller,
      consent.session_id ?? '-',
      consent.project ?? '-',
      consent.expires_at.slice(0, 16).replace('T', ' '),
    ]),
  );
}

/** Allows what a request was refused for. */
export async function allowConsent(context: Context, id: string, flags: AllowFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const consent = await decide(client, id, `allow_${flags.for}`);
  if (flags.json) return output.json({ consent });
  const extent = { once: 'once', session: 'for its session', project: 'for its project' };
  output.line(`allowed ${extent[flags.for]}: ${whatOf(consent)}`);
}

/** Refuses it. */
export async function denyConsent(
  context: Context,
  id: string,
  flags: ConsentFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const consent = await decide(client, id, 'deny');
  if (flags.json) output.json({ consent });
  else output.line(`denied: ${whatOf(consent)}`);
}

function decide(client: GatewayClient, id: string, decision: string): Promise<Consent> {
  return client.json<Consent>('/admin/consent', sending('POST', { consent_id: id, decision }));
}

/** `tool shell, provider openai`; the model of the request where the policy names none. */
function whatOf(consent: Consent): string {
  const things = consent.for.flatMap(({ policy: _, reason: __, ...what }) =>
    Object.entries(what).map(([kind, name]) => `${kind} ${name}`),
  );
  return things.length > 0 ? [...new Set(things)].join(', ') : `model ${consent.model}`;
}
