export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** One thing that could stand where the cursor is. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** A candidate as a shell's script reads it. */
export function formatCandidate(shell: Shell, { value, description }: Candidate): string {
  switch (shell) {
    case 'bash':
      return value;
    case 'zsh':
      return `${value.replaceAll(':', '\\:')}:${description}`;
    case 'fish':
      return `${value}\t${description}`;
  }
}
