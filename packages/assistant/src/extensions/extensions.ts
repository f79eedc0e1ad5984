import type { AgentDefinition } from '../agent/agent-definition.ts';
import type { PermissionMode } from '../permissions/mode.ts';
import type { ExtensionOrigin } from './extension-files.ts';

/** What a user and a project have added to zeke, in files. */
export interface Extensions {
  readonly agents: readonly AgentDefinition[];
  readonly commands: readonly SlashCommand[];
  readonly skills: readonly Skill[];
  /** `.zeke/agents/x.md:3 what is wrong`; files with a fault are left out. */
  readonly faults: readonly string[];
}

/** An instruction that is written once and called by its name. */
export interface SlashCommand {
  readonly name: string;
  readonly description: string;
  readonly origin: ExtensionOrigin;
  readonly agent?: string | undefined;
  readonly mode?: PermissionMode | undefined;
  readonly model?: string | undefined;
  /** With `$ARGUMENTS`, `$1` … `$9`. */
  readonly body: string;
}

/** Instructions for a kind of task, which a model reads when it has such a task. */
export interface Skill {
  readonly name: string;
  readonly description: string;
  /** Absolute: what else belongs to it stands here. */
  readonly folder: string;
  readonly body: string;
}
