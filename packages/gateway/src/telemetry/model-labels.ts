/** Models that have a label of their own; all others are one. */
export const maxModelLabels = 200;
const otherModels = 'other';
/** Resource names of AWS are longer than names should be in a label. */
const maxLabelChars = 200;

/**
 * Decides which models stand in labels of metrics: those that the configuration or a provider's list
 * names, and where there is neither, those that have answered well. Callers choose names, so that
 * nobody can fill the metrics with them.
 */
export class ModelLabels {
  readonly #isKnown: (provider: string, model: string) => boolean | undefined;
  readonly #labels = new Set<string>();

  /** `isKnown`: true and false by configuration or list, undefined where neither says. */
  constructor(isKnown: (provider: string, model: string) => boolean | undefined) {
    this.#isKnown = isKnown;
  }

  /** The model's label; `hasAnswered` with an attempt that ended well. */
  of(provider: string, model: string, hasAnswered: boolean): string {
    if (model === '') return '';
    const name = `${provider}/${model}`;
    if (this.#labels.has(name)) return model;
    if (this.#labels.size >= maxModelLabels || model.length > maxLabelChars) return otherModels;
    if (!(this.#isKnown(provider, model) ?? hasAnswered)) return otherModels;
    this.#labels.add(name);
    return model;
  }
}
