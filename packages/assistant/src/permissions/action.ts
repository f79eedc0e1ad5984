/**
 * What a tool call would do, said before it does it: what rules judge, and what a person is asked
 * about. Paths are absolute and resolved, links too, as far as they exist.
 */
export type Action =
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly change: FileChangeKind }
  | {
      readonly kind: 'shell';
      readonly command: string;
      readonly cwd: string;
      /** What it asks for beyond the sandbox, where there is one: the network, or no sandbox at all. */
      readonly reach?: 'network' | 'host';
    }
  | { readonly kind: 'fetch'; readonly url: string }
  /** A tool of a connected MCP server, named `server__tool` to models. */
  | { readonly kind: 'mcp'; readonly server: string; readonly tool: string };

export type FileChangeKind = 'create' | 'modify' | 'delete';
