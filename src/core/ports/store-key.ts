/** A key pair that signs what the store is asked for. */
export interface StoreKey {
  /** The variable with its id, under which an operator knows it. */
  readonly variable: string
  /**
   * Resolves when the store takes what the pair signs, and lets it do what it is for. The answer is kept for a
   * minute, a refusal for some seconds. Throws `store_failed`, the store's refusal as cause.
   */
  prove(): Promise<void>
}
