/** What replicas tell each other. */
export const topics = [
  'keys',
  'budgets',
  'cache',
  'limits',
  'rests',
  'sessions',
  'config',
] as const;
export type Topic = (typeof topics)[number];

/** Something that has changed, as one replica tells the others. */
export interface Announcement {
  readonly from: string;
  readonly topic: Topic;
  /** By topic; absent where all of it may have changed. */
  readonly detail?: unknown;
}

const maxChars = 65_536;
const maxNameChars = 100;

export function announcementText(announcement: Announcement): string {
  return JSON.stringify(announcement);
}

/** Undefined for what is none: newer replicas may say what this one does not know. */
export function readAnnouncement(text: string): Announcement | undefined {
  if (text.length > maxChars) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { detail, from, topic } = value as Record<string, unknown>;
  const known = topics.find((each) => each === topic);
  if (known === undefined || typeof from !== 'string' || from.length > maxNameChars)
    return undefined;
  return { from, topic: known, ...(detail === undefined ? {} : { detail }) };
}
