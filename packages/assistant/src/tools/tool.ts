import type { McpAnswer, McpQuestion } from '@zeke/mcp';
import type { Action } from '../permissions/action.ts';
import type { Project } from '../project/project.ts';

/**
 * What a model can call. A tool says by `actions` what a call would do; whether it may is decided
 * elsewhere (`permissions/`), before `run`. What goes wrong in a call, as a file that is not there, is an
 * output with `isError` that says what to do next; `run` throws only when it is canceled or has a defect.
 */
export interface Tool<Input = unknown> {
  /** In snake case, as models see it. */
  readonly name: string;
  /** Other names it answers to, of older programs. */
  readonly aliases?: readonly string[];
  /** For models: what it does, when to use it, its limits. */
  readonly description: string;
  /** JSON Schema of the arguments, of type object. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** False where a call can change files: a snapshot is taken before the step then. */
  readonly isReadOnly: boolean;
  /** True where calls may run beside others of their step though they can change files. */
  readonly runsBesideOthers?: boolean;
  /** Checks arguments that came as JSON. Throws `invalid_argument` that names the field at fault. */
  parse(input: unknown): Input;
  /**
   * Empty where a call touches nothing but the session. Throws RpcError for arguments that lead nowhere,
   * as a path in a circle of links: the model is told so.
   */
  actions(input: Input, place: ToolPlace): readonly Action[] | Promise<readonly Action[]>;
  /**
   * What a call would change in files, found without changing any: for who has to allow it. Empty
   * where that cannot be known.
   */
  preview?(input: Input, place: ToolPlace): Promise<readonly FileDiff[]>;
  run(input: Input, context: ToolContext): Promise<ToolOutput>;
}

/** Where a call happens. */
export interface ToolPlace {
  readonly project: Project;
  /** Relative paths start here: a folder of the project. */
  readonly cwd: string;
  readonly sessionId: string;
}

export interface ToolContext extends ToolPlace {
  /** Unique in the session. */
  readonly callId: string;
  readonly signal: AbortSignal;
  /**
   * What `actions` said of this call and was allowed. A call that finds more to do, as links were
   * moved in the meantime, fails.
   */
  readonly allowed: readonly Action[];
  /** True for a file that must not be read though its folder may: searches leave it out. */
  readonly hides?: (path: string) => boolean;
  /** Tells of long work while it runs: a line, or new output of a command. */
  readonly onProgress: (text: string) => void;
  /** Where a person can be told what an MCP server asks; absent: nobody is there. */
  readonly person?: ToolPerson;
}

/** Who a run works for, as far as a tool is concerned. */
export interface ToolPerson {
  /** The same for all calls that this person has had made: a run and its subagents. */
  readonly id: string;
  /** A question without an answer is declined or canceled. Throws `canceled` with the run. */
  readonly ask: (question: McpQuestion, signal: AbortSignal) => Promise<McpAnswer>;
}

export interface ToolOutput {
  /** For the model. */
  readonly text: string;
  readonly images?: readonly { readonly mediaType: string; readonly base64: string }[];
  readonly isError?: boolean;
  /** For people, one line: `src/a.ts: 3 lines changed`. */
  readonly summary?: string;
  /** What changed in files, for people. */
  readonly changes?: readonly FileDiff[];
  readonly shownFile?: ShownFile;
}

/** The lines of a text file that an output shows, so that they need not be sent twice. */
export interface ShownFile {
  /** As it is told to models. */
  readonly path: string;
  /** The output's own text, to which others may have added. */
  readonly told: string;
  /** The lines, without numbers. */
  readonly text: string;
  /** The number of the first line, and how many were asked for. */
  readonly first: number;
  readonly limit: number;
  /** They are all of the file. */
  readonly isWhole: boolean;
  readonly isNumbered: boolean;
  /** They are wanted though they may have been sent before. */
  readonly isAgain: boolean;
}

export interface FileDiff {
  /** Relative to the project's root. */
  readonly path: string;
  /** A unified diff, with three lines around each change; empty for a binary file. */
  readonly diff: string;
  readonly linesAdded: number;
  readonly linesRemoved: number;
}
