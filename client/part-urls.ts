import type { Gateway, SignedPart } from './gateway'

/** How long a URL is used, in milliseconds. The gateway signs for an hour or more; a later one is asked for before it ends. */
const freshMs = 600_000
/** How many parts are signed at once: as many as are soon sent. */
const batch = 8

/** The URLs of an upload's parts, signed shortly before they are used. */
export class PartUrls {
  readonly #gateway: Gateway
  readonly #id: string
  readonly #isWanted: (partNumber: number) => boolean
  readonly #partCount: number
  readonly #signed = new Map<number, { part: SignedPart; until: number }>()
  #signing: Promise<void> | undefined

  /** `parts` are signed already. `isWanted` says of a part whether it has yet to be sent. */
  constructor(
    gateway: Gateway,
    id: string,
    {
      partCount,
      parts,
      isWanted,
    }: {
      partCount: number
      parts: readonly SignedPart[]
      isWanted: (partNumber: number) => boolean
    },
  ) {
    this.#gateway = gateway
    this.#id = id
    this.#partCount = partCount
    this.#isWanted = isWanted
    this.#keep(parts)
  }

  /** Rejects as the gateway refuses to sign. */
  async get(partNumber: number): Promise<SignedPart> {
    for (;;) {
      const part = this.#fresh(partNumber)
      if (part) return part
      this.#signing ??= this.#sign(partNumber).finally(() => {
        this.#signing = undefined
      })
      await this.#signing
    }
  }

  /** The store refused this URL, or a connection failed that may have hidden the refusal. */
  drop(partNumber: number): void {
    this.#signed.delete(partNumber)
  }

  #fresh(partNumber: number): SignedPart | undefined {
    const signed = this.#signed.get(partNumber)
    return signed && signed.until > Date.now() ? signed.part : undefined
  }

  async #sign(first: number): Promise<void> {
    const numbers = [first]
    for (let next = first + 1; next <= this.#partCount && numbers.length < batch; next++)
      if (this.#isWanted(next) && !this.#fresh(next)) numbers.push(next)
    this.#keep(await this.#gateway.sign(this.#id, numbers))
  }

  #keep(parts: readonly SignedPart[]): void {
    const until = Date.now() + freshMs
    for (const part of parts) this.#signed.set(part.partNumber, { part, until })
  }
}
