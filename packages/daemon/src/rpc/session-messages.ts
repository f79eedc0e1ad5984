import type { EntryData, SessionEntry } from '@zeke/assistant';
import type { SessionMessage } from '@zeke/protocol/reaper';
import type { MessageInit } from '@zeke/rpc';
import { diffOf } from './step-update.ts';

type DataOf<Kind extends EntryData['kind']> = Extract<EntryData, { kind: Kind }>;

/** What was said in a session, for people; the id of a message is the number of its entry. */
export function messagesOf(entries: readonly SessionEntry[]): MessageInit<SessionMessage>[] {
  return entries.flatMap(({ atMs, data, seq }): MessageInit<SessionMessage>[] => {
    const common = { id: `${seq}`, createdAt: atMs };
    if (data.kind === 'user') return [{ ...common, role: roleOf(data), text: data.text }];
    if (data.kind === 'answer') return [{ ...common, ...answerOf(data) }];
    if (data.kind === 'result') return [{ ...common, ...resultOf(data) }];
    return [];
  });
}

function roleOf({ origin }: DataOf<'user'>): string {
  return origin === 'user' || origin === 'steer' ? 'user' : 'zeke';
}

function answerOf({ parts }: DataOf<'answer'>) {
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const toolCalls = parts.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ callId: part.id, name: part.name, arguments: part.arguments, title: part.name }]
      : [],
  );
  return { role: 'assistant', text, toolCalls };
}

function resultOf({ callId, changes, durationMs, isError, summary, text }: DataOf<'result'>) {
  const result = { callId, isError, text, summary, durationMs: Math.round(durationMs) };
  return { role: 'tool', toolResults: [{ ...result, changes: changes.map(diffOf) }] };
}
