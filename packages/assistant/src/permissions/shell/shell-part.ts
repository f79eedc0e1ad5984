/** What a command line would do, piece by piece: each piece has to be allowed by itself. */
export type ShellPart =
  | {
      readonly kind: 'command';
      /** For people, as it stands in the command line. */
      readonly text: string;
      /** Assignments that the program sees, then the program and its arguments (`shell-word.ts`). */
      readonly words: readonly string[];
      /** How many of the words are assignments. */
      readonly assignments: number;
      readonly cwds: Folders;
      /** It is a function of the command line itself: its body stands among the parts. */
      readonly isOwnFunction: boolean;
    }
  | {
      readonly kind: 'redirect';
      readonly text: string;
      readonly access: PathAccess;
      readonly path: string;
      readonly cwds: Folders;
    }
  /** Nobody can say beforehand what it does. */
  | { readonly kind: 'opaque'; readonly text: string; readonly reason: string };

export type PathAccess = 'read' | 'write';

/** The folders that may be the working folder there; undefined where that is not known. */
export type Folders = readonly string[] | undefined;
