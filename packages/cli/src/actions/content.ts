import { openClient } from '../client.ts';
import type { ContentFlags } from '../commands/content.ts';
import type { Context } from '../context.ts';

/** As `/admin/content/{id}` gives it; `atMs` in milliseconds since the epoch. */
interface Content {
  requestId: string;
  atMs: number;
  endpoint: string;
  model: string;
  httpStatus: number;
  keyId?: string;
  owner?: string;
  project?: string;
  prompt: ContentPart;
  answer: ContentPart;
}

interface ContentPart {
  text: string;
  /** Of all of it, also of what was not kept. */
  bytes: number;
}

/** Shows what was sent and answered. */
export async function showContent(
  context: Context,
  id: string,
  flags: ContentFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const content = await client.json<Content>(pathOf(id));
  if (flags.json) return output.json({ content });
  const { answer, atMs, endpoint, httpStatus, keyId, model, owner, prompt } = content;
  const who = keyId === undefined ? '' : `, ${owner ?? ''} (${keyId})`;
  output.note(`${new Date(atMs).toISOString()} ${endpoint} ${model}, HTTP ${httpStatus}${who}`);
  for (const [name, part] of Object.entries({ prompt, answer })) {
    output.note(`${name}:`);
    output.line(part.text);
    const rest = part.bytes - Buffer.byteLength(part.text);
    if (rest > 0) output.note(`${rest} bytes more were not kept (content.max_kb)`);
  }
}

/** Forgets what was sent and answered. */
export async function deleteContent(
  context: Context,
  id: string,
  flags: ContentFlags,
): Promise<void> {
  await using client = await openClient(context, flags);
  const { requestId } = await client.json<{ requestId: string }>(pathOf(id), { method: 'DELETE' });
  if (flags.json) context.output.json({ deleted: requestId });
  else context.output.line(`forgot the prompt and the answer of ${requestId}`);
}

function pathOf(id: string): string {
  return `/admin/content/${encodeURIComponent(id)}`;
}
