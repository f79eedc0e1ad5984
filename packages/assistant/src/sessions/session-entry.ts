import { z } from 'zod';

function list<Item extends z.ZodType>(item: Item): z.ZodReadonly<z.ZodArray<Item>> {
  return z.array(item).readonly();
}

const text = z.object({ type: z.literal('text'), text: z.string() });
const image = z.object({ type: z.literal('image'), mediaType: z.string(), base64: z.string() });
const reasoning = z.object({
  type: z.literal('reasoning'),
  text: z.string(),
  signature: z.string().exactOptional(),
  redacted: z.string().exactOptional(),
});
const toolCall = z.object({
  type: z.literal('tool-call'),
  id: z.string(),
  name: z.string(),
  arguments: z.string(),
  signature: z.string().exactOptional(),
});
const toolResult = z.object({
  type: z.literal('tool-result'),
  callId: z.string(),
  isError: z.boolean(),
  content: list(z.discriminatedUnion('type', [text, image])),
});
const message = z.object({
  role: z.enum(['user', 'assistant']),
  parts: list(z.discriminatedUnion('type', [text, image, reasoning, toolCall, toolResult])),
});

const fileDiff = z.object({
  path: z.string(),
  diff: z.string(),
  linesAdded: z.number(),
  linesRemoved: z.number(),
});

const usage = z.object({
  inputTokens: z.number().exactOptional(),
  outputTokens: z.number().exactOptional(),
  cachedInputTokens: z.number().exactOptional(),
});

/** Words for the model: of the user, or of zeke itself, which says so in them. */
const user = z.object({
  kind: z.literal('user'),
  /** `context`: what a tool's files brought with them. `zeke`: the loop speaks. */
  origin: z.enum(['user', 'steer', 'context', 'zeke']),
  /** As it was typed; `parts` may hold more, as what mentions stand for. */
  text: z.string(),
  parts: list(z.discriminatedUnion('type', [text, image])),
});

/** What a model answered, whole, or as far as it came. */
const answer = z.object({
  kind: z.literal('answer'),
  step: z.number(),
  parts: list(z.discriminatedUnion('type', [text, reasoning, toolCall])),
  finish: z.string(),
  /** The connection broke: the text ends somewhere. */
  isPartial: z.boolean(),
  usage,
  model: z.string().exactOptional(),
  costMicroUsd: z.number().exactOptional(),
});

const result = z.object({
  kind: z.literal('result'),
  callId: z.string(),
  isError: z.boolean(),
  text: z.string(),
  images: list(z.object({ mediaType: z.string(), base64: z.string() })),
  summary: z.string(),
  changes: list(fileDiff),
  durationMs: z.number(),
  /** The call was cut off by the end of its process, and this was written afterwards. */
  isRepair: z.boolean(),
});

const approval = z.object({
  kind: z.literal('approval'),
  approvalId: z.string(),
  callId: z.string(),
  decision: z.enum(['allow_once', 'allow_session', 'allow_project', 'deny']),
  /** `timeout`, `policy`: nobody answered, or nobody was asked. */
  by: z.enum(['user', 'timeout', 'policy']),
});

/** What an MCP server asked within a call. What was given for an answer is the server's alone. */
const question = z.object({
  kind: z.literal('question'),
  questionId: z.string(),
  callId: z.string(),
  server: z.string(),
  message: z.string(),
  action: z.enum(['accept', 'decline', 'cancel']),
  by: z.enum(['user', 'timeout', 'policy']),
});

/** The files as they were before calls that can change them; a `change` follows when they are done. */
const snapshot = z.object({
  kind: z.literal('snapshot'),
  step: z.number(),
  tree: z.string(),
  /** Absolute: kept even where the project ignores them. */
  also: list(z.string()),
});

/** What calls changed since the snapshot before it; no paths where they changed nothing. */
const change = z.object({
  kind: z.literal('change'),
  step: z.number(),
  before: z.string(),
  after: z.string(),
  paths: list(z.string()),
  /** In a worktree, whose changes come back as a branch: there is nothing to undo. */
  isApart: z.boolean().exactOptional(),
});

/** A `change` was taken back, or made again. */
const undo = z.object({
  kind: z.literal('undo'),
  changeSeq: z.number(),
  direction: z.enum(['undo', 'redo']),
  paths: list(z.string()),
  /** Left as they are, since somebody changed them after the step. */
  kept: list(z.string()),
});

const compaction = z.object({
  kind: z.literal('compaction'),
  /** Undefined where the last one was undone. */
  record: z
    .object({
      covers: z.number(),
      head: list(message),
      cutCallIds: list(z.string()),
      tokensBefore: z.number(),
      tokensAfter: z.number(),
    })
    .exactOptional(),
  usage: usage.extend({ costMicroUsd: z.number().exactOptional() }).exactOptional(),
});

const todo = z.object({
  kind: z.literal('todo'),
  items: list(
    z.object({ text: z.string(), status: z.enum(['pending', 'in_progress', 'completed']) }),
  ),
});

/** Deferred tools that the model has found and may call from now on. */
const tools = z.object({ kind: z.literal('tools'), names: list(z.string()) });

/** A hook has run. */
const hook = z.object({
  kind: z.literal('hook'),
  event: z.string(),
  command: z.string(),
  outcome: z.enum(['ok', 'blocked', 'asked', 'failed']),
  text: z.string(),
  durationMs: z.number(),
  callId: z.string().exactOptional(),
});

/** A run ended. */
const end = z.object({
  kind: z.literal('end'),
  status: z.string(),
  reason: z.string(),
  message: z.string(),
});

/** What stands between `toSeq` and this no longer counts. */
const revert = z.object({ kind: z.literal('revert'), toSeq: z.number() });

/** What one row of a session says, as JSON. */
export const entryData = z.discriminatedUnion('kind', [
  user,
  answer,
  result,
  approval,
  question,
  snapshot,
  change,
  undo,
  compaction,
  todo,
  tools,
  hook,
  end,
  revert,
]);

export type EntryData = z.output<typeof entryData>;
export type EntryOf<Kind extends EntryData['kind']> = Extract<EntryData, { kind: Kind }>;

/** One thing that happened in a session; written once, never changed. */
export interface SessionEntry {
  /** From 1, in order; a fork has gaps. */
  readonly seq: number;
  readonly atMs: number;
  readonly data: EntryData;
}
