import type { Progress } from './client'

/** Adds up the bytes of parts that are sent side by side. What it tells never shrinks, though a part may begin anew. */
export class ProgressMeter {
  readonly #loaded = new Map<number, number>()
  readonly #total: number
  readonly #tell: ((progress: Progress) => void) | undefined
  #told = 0

  constructor(total: number, tell?: (progress: Progress) => void) {
    this.#total = total
    this.#tell = tell
  }

  /** `loaded` bytes of part `number` are sent. */
  set(number: number, loaded: number): void {
    this.#loaded.set(number, loaded)
    let sum = 0
    for (const bytes of this.#loaded.values()) sum += bytes
    if (sum > this.#told) this.#report(Math.min(sum, this.#total))
  }

  /** All of the file is sent. */
  finish(): void {
    if (this.#told < this.#total || this.#total === 0) this.#report(this.#total)
  }

  #report(loaded: number): void {
    this.#told = loaded
    this.#tell?.({ loaded, total: this.#total })
  }
}
