/** Pauses, resumes and ends what runs under it. */
export class Control {
  #leg = new AbortController()
  #isPaused = false
  #end: { reason: unknown } | undefined
  #waiting: (() => void)[] = []
  readonly #cancelled: AbortSignal | undefined
  readonly #onCancel = () => this.end(this.#cancelled?.reason)

  /** `signal` ends it with its reason. */
  constructor(signal?: AbortSignal) {
    this.#cancelled = signal
    if (signal?.aborted) this.#onCancel()
    else signal?.addEventListener('abort', this.#onCancel)
  }

  /** Resolves with a signal that aborts at the next pause or end, once it is not paused. Rejects with the reason of its end. */
  async ready(): Promise<AbortSignal> {
    while (this.#isPaused && !this.#end) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#end) throw this.#end.reason
    return this.#leg.signal
  }

  pause(): void {
    this.#isPaused = true
    this.#leg.abort()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#leg = new AbortController()
    this.#wake()
  }

  /** Only the first reason counts. */
  end(reason: unknown): void {
    this.#end ??= { reason }
    this.#leg.abort()
    this.#wake()
  }

  /** No longer listens to the signal it was made with. */
  release(): void {
    this.#cancelled?.removeEventListener('abort', this.#onCancel)
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
