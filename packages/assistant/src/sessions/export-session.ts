import { foldEntries } from './fold-entries.ts';
import type { SessionEntry } from './session-entry.ts';
import type { Session } from './session-store.ts';

/** All of a session as JSON text: `{version, session, entries, damaged}`, entries that were reverted too. */
export function exportJson(session: Session): string {
  const { info, entries, damaged } = session;
  return `${JSON.stringify({ version: 1, session: info, entries, damaged }, null, 2)}\n`;
}

/** What was said and done in a session, without what was reverted, as Markdown for people. */
export function exportMarkdown(session: Session): string {
  const { info, entries, damaged } = session;
  const head = [
    `# ${info.title || 'Untitled session'}`,
    [
      `- session: \`${info.id}\``,
      `- project: \`${info.project.name}\``,
      `- model: \`${info.model}\``,
      `- begun: ${new Date(info.createdAtMs).toISOString()}`,
      ...damaged.map(({ seq, reason }) => `- entry ${seq} cannot be read: ${reason}`),
    ].join('\n'),
  ];
  const names = new Map<string, string>();
  const blocks = foldEntries(entries).active.flatMap((entry) => blocksOf(entry, names));
  return `${[...head, ...blocks].join('\n\n')}\n`;
}

/** `names` are those of the calls so far, by id. */
function blocksOf({ data }: SessionEntry, names: Map<string, string>): string[] {
  switch (data.kind) {
    case 'user':
      return data.origin === 'context' ? [] : [`## ${speakers[data.origin]}`, data.text];
    case 'answer':
      return [
        '## Model',
        ...data.parts.flatMap((part) => {
          if (part.type === 'text') return [part.text];
          if (part.type === 'reasoning') return [];
          names.set(part.id, part.name);
          return [`**${part.name}**`, fenced(part.arguments, 'json')];
        }),
        ...(data.isPartial ? ['*The answer broke off here.*'] : []),
      ];
    case 'result':
      return [
        `**${names.get(data.callId) ?? data.callId}** ${data.isError ? 'failed' : 'gave'}:`,
        ...(data.changes.length > 0
          ? data.changes.map(({ diff }) => fenced(diff, 'diff'))
          : [fenced(data.text, '')]),
      ];
    case 'question':
      return [
        `*The MCP server ${data.server} asked “${data.message}”: ${data.action} (${data.by})*`,
      ];
    case 'undo':
      return [`*${data.direction}: ${data.paths.join(', ')}*`];
    case 'end':
      return [`*${data.status} (${data.reason})*`];
    default:
      return [];
  }
}

const speakers = { user: 'User', steer: 'User, meanwhile', zeke: 'zeke' } as const;

/** In a fence longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([fence]) => fence.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}
