/** What is known of a completion before anybody sees it. */
export interface CompletionTraits {
  readonly lines: number;
  readonly characters: number;
  /** The local completer proposes its beginning, too. */
  readonly agreesWithLocal: boolean;
  /** The model ended by itself, and was not cut off. */
  readonly isWhole: boolean;
  readonly isFill: boolean;
}

/** As many completions as the estimate counts for. */
const priorWeight = 20;

/**
 * How often completions of models are taken as they are: of each kind, an estimate at first, which what
 * people do with them takes the place of. Models tell no probabilities through `ModelClient`, so the
 * kind is what is seen from outside: its length, whether it ended by itself, and whether the local
 * completer agrees.
 */
export class ModelConfidence {
  readonly #seen = new Map<string, { shown: number; accepted: number }>();

  of(traits: CompletionTraits): number {
    const { shown, accepted } = this.#seen.get(kindOf(traits)) ?? { shown: 0, accepted: 0 };
    const share = (estimate(traits) * priorWeight + accepted) / (priorWeight + shown);
    return Math.round(share * 1_000) / 1_000;
  }

  /** Somebody saw a completion of this kind, and took it or did not. */
  note(traits: CompletionTraits, isAccepted: boolean): void {
    const kind = kindOf(traits);
    const { shown, accepted } = this.#seen.get(kind) ?? { shown: 0, accepted: 0 };
    this.#seen.set(kind, { shown: shown + 1, accepted: accepted + Number(isAccepted) });
  }
}

function kindOf({ agreesWithLocal, characters, isFill, isWhole, lines }: CompletionTraits): string {
  const length =
    lines > 1 ? `lines ${lines > 4}` : `characters ${characters > 20} ${characters > 60}`;
  return `${length} ${agreesWithLocal} ${isWhole} ${isFill}`;
}

/** Shorter ones are right more often; published rates of acceptance are between a fifth and a third. */
function estimate({
  agreesWithLocal,
  characters,
  isFill,
  isWhole,
  lines,
}: CompletionTraits): number {
  const byLength =
    lines > 4 ? 0.2 : lines > 1 ? 0.3 : characters > 60 ? 0.4 : characters > 20 ? 0.5 : 0.6;
  const share = byLength + (agreesWithLocal ? 0.25 : 0) - (isWhole ? 0 : 0.1) - (isFill ? 0 : 0.05);
  return Math.min(0.95, Math.max(0.05, share));
}
