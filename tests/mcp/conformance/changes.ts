/** Which lists of the fixture change, and who wants to hear of it. */
export class Changes {
  readonly #listeners = { tools: new Set<() => void>(), prompts: new Set<() => void>() };

  hear(list: 'tools' | 'prompts', listener: () => void): () => void {
    this.#listeners[list].add(listener);
    return () => this.#listeners[list].delete(listener);
  }

  tell(list: 'tools' | 'prompts'): void {
    for (const listener of this.#listeners[list]) listener();
  }
}
