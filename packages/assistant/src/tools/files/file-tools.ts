import type { Tool } from '../tool.ts';
import { deleteFileTool } from './delete-file.ts';
import { editTool, multiEditTool } from './edit.ts';
import { listDirectoryTool } from './list-directory.ts';
import { applyPatchTool } from './patch/apply-patch.ts';
import { ProjectFiles } from './project-files.ts';
import { readFileTool } from './read-file.ts';
import { writeFileTool } from './write-file.ts';

export interface FileToolsOptions {
  /** Shared with other tools that change files, so that sessions know of each change. */
  readonly files?: ProjectFiles;
}

/** The tools that read and change files: `read_file`, `write_file`, `edit`, `multi_edit`, … */
export function fileTools(options: FileToolsOptions = {}): readonly Tool[] {
  const files = options.files ?? new ProjectFiles();
  return [
    readFileTool(files),
    writeFileTool(files),
    editTool(files),
    multiEditTool(files),
    applyPatchTool(files),
    deleteFileTool(files),
    listDirectoryTool(),
  ];
}
