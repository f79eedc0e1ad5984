import type { LanguageServers } from '../../lsp/language-servers.ts';
import type { ProjectFiles } from '../files/project-files.ts';
import type { Tool } from '../tool.ts';
import { lspDiagnosticsTool } from './lsp-diagnostics.ts';
import { lspDefinitionTool, lspHoverTool, lspReferencesTool } from './lsp-find.ts';
import { lspRenameTool } from './lsp-rename.ts';
import { lspSymbolsTool } from './lsp-symbols.ts';

/**
 * The tools that ask language servers: `lsp_diagnostics`, `lsp_definition`, `lsp_references`,
 * `lsp_symbols`, `lsp_hover` and `lsp_rename`. `files` is shared with the tools that change files.
 */
export function lspTools(servers: LanguageServers, files: ProjectFiles): readonly Tool[] {
  return [
    lspDiagnosticsTool(servers),
    lspDefinitionTool(servers),
    lspReferencesTool(servers),
    lspSymbolsTool(servers),
    lspHoverTool(servers),
    lspRenameTool(servers, files),
  ];
}
